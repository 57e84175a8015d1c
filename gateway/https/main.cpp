// sallyport-https: serves the HTTPS connections of one source address, or logs off at a target what a rep has
// left there. Started by the monitor as root, with the channel to it as descriptor 3; reads the first byte of
// a peer only after it has shut itself in. Runs in: sallyport-https.
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/https/logoff.h"
#include "gateway/https/server.h"
#include "gateway/worker/confine.h"
#include "gateway/worker/start.h"

#if defined(__SANITIZE_ADDRESS__)
// As in sallyport-ssh: the leak check needs what the filter forbids.
extern "C" const char* __asan_default_options() { return "detect_leaks=0:quarantine_size_mb=8"; }
#endif

namespace sallyport {
namespace {

Done shut_in(const WorkerArguments& arguments) {
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return fail_errno("ignoring SIGPIPE");
  RETURN_IF_ERROR(fill_standard_descriptors());
  RETURN_IF_ERROR(start_tls());
  ASSIGN_OR_RETURN(const auto confinement, Confinement::for_user(arguments.user, arguments.empty_root));
  return confine(confinement, kChannelDescriptor, WorkerKind::https);
}

Done work(const WorkerArguments& arguments) {
  // Its epoll instance and its timer are descriptors, which the filter lets nobody make.
  asio::io_context io{1};
  const Descriptor reactor{io};
  const Timer timer{io};
  RETURN_IF_ERROR(shut_in(arguments));
  MonitorClient monitor{Channel{UniqueFd{kChannelDescriptor}}, arguments.incarnation};
  ASSIGN_OR_RETURN(auto beginning, monitor.await_begin_web());
  if (auto* const logoff = std::get_if<LogoffBeginning>(&beginning)) {
    monitor.tell_logged_off(log_off(io, std::move(*logoff)));
    return {};
  }
  auto& [facts, socket] = std::get<WebBeginning>(beginning);
  ASSIGN_OR_RETURN(auto context, context_for_reps(facts));
  SystemRandom random;
  const SystemClock clock;
  Server server{io, monitor, facts, std::move(context), random, clock};
  monitor.tell_finished(server.run(std::move(socket)));
  // What is still being served refers to all of this: it ends with the process, not one by one.
  _exit(0);
}

}  // namespace
}  // namespace sallyport

int main(int count, char** values) {
  const auto arguments = sallyport::read_worker_arguments("sallyport-https", count, values);
  const auto done =
      arguments ? sallyport::work(*arguments) : sallyport::Done{tl::unexpected{arguments.error()}};
  if (!done) sallyport::log_error("sallyport-https: {}", done.error().message());
  // No exit handlers: they would ask for more than the filter lets through.
  _exit(done ? 0 : 1);
}
