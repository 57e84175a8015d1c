// sallyport-send: brings the journal's records to other hosts' syslog, to the host's own, or to journald. Has
// no privilege but to read the journal; the gate takes no part in it, and waits for nothing here. Runs in:
// sallyport-send.
#include <signal.h>

#include "base/log.h"
#include "gateway/audit/segment.h"
#include "gateway/send/courier.h"
#include "gateway/send/options.h"
#include "gateway/send/supervisor.h"
#include "policies/catalogue.h"

namespace sallyport {
namespace {

Task task_for(const Destination& destination, const Settings& settings, const SendOptions& options) {
  const Courier::Place place{journal_folder(options.state),
                             delivery_file(send_folder(options.state), destination.name), settings.gate_name};
  return {destination.name, [destination, place]() -> Done {
            ASSIGN_OR_RETURN(auto waiter, Waiter::create());
            const SystemClock clock;
            Courier{destination, place, clock, waiter}.run();
            return {};
          }};
}

int run(const SendOptions& options) {
  const auto settings = load_settings(options.config);
  if (!settings) {
    for (const auto& problem : settings.error()) log_error("{}", problem.message());
    return 1;
  }
  if (settings->destinations.empty()) {
    log_info("nothing to do: there is no [[send]] in {}", (options.config / "sallyport.toml").string());
    return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  std::vector<Task> tasks;
  for (const auto& destination : settings->destinations)
    tasks.push_back(task_for(destination, *settings, options));
  const auto done = supervise(tasks);
  if (!done) log_error("sallyport-send: {}", done.error().message());
  return done ? 0 : 1;
}

}  // namespace
}  // namespace sallyport

int main(int argc, char** argv) {
  const auto options = sallyport::SendOptions::parse(argc, argv);
  if (const auto* code = std::get_if<int>(&options)) return *code;
  return sallyport::run(std::get<sallyport::SendOptions>(options));
}
