// sallyport-ssh: serves one SSH connection of a rep. Started by the monitor as root, with the channel to it
// as descriptor 3; reads the first byte of a peer only after it has shut itself in. Runs in: sallyport-ssh.
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "base/log.h"
#include "gateway/ssh/bridge.h"
#include "gateway/ssh/last_words.h"
#include "gateway/ssh/login.h"
#include "gateway/worker/confine.h"
#include "gateway/worker/start.h"

#if defined(__SANITIZE_ADDRESS__)
// The leak check starts a thread and traces it, which the filter forbids; a worker lives for one connection.
// What is freed is kept back for a while, but little of it: the tests look at how much memory a worker takes.
extern "C" const char* __asan_default_options() { return "detect_leaks=0:quarantine_size_mb=8"; }
#endif

namespace sallyport {
namespace {

using std::chrono_literals::operator""s;

// Everything of the libraries that needs files, more system calls or executable memory happens here.
Done start_libraries() {
  if (ssh_init() != SSH_OK) return fail("starting libssh");
  ssh_set_log_level(SSH_LOG_NOLOG);
  OPENSSL_init_crypto(
      OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS,
      nullptr);
  unsigned char seed = 0;
  if (RAND_bytes(&seed, 1) != 1) return fail("starting OpenSSL's random numbers");
  ssh_key trial = nullptr;
  if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &trial) != SSH_OK) return fail("libssh makes no keys");
  ssh_key_free(trial);
  return {};
}

Done shut_in(const WorkerArguments& arguments) {
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return fail_errno("ignoring SIGPIPE");
  RETURN_IF_ERROR(fill_standard_descriptors());
  RETURN_IF_ERROR(start_libraries());
  ASSIGN_OR_RETURN(const auto confinement, Confinement::for_user(arguments.user, arguments.empty_root));
  return confine(confinement, kChannelDescriptor);
}

// The worker's last word when the session never came to be.
TellFinished without_session(RepSide& rep, MonitorClient& monitor, const std::string& why,
                             const Clock& clock) {
  const bool left = !rep.leg().alive() && rep.leg().left_politely();
  const auto sentence = monitor.end().value_or(why);
  rep.leg().disconnect(sentence, clock.boot() + 1s, clock);
  return {left ? Finish::rep_left : Finish::rep_protocol, why, 0, 0};
}

TellFinished serve(RepSide& rep, const Begin& begin, MonitorClient& monitor, const Clock& clock) {
  auto entered = log_in(rep, monitor, begin.tries, clock);
  if (!entered) return without_session(rep, monitor, entered.error().message(), clock);
  if (const auto* const nowhere = std::get_if<NoTarget>(&*entered)) {
    say_last_words(rep, monitor, nowhere->sentence, clock);
    return {Finish::target_left, nowhere->sentence, 0, 0};
  }
  auto& session = std::get<LoggedIn>(*entered);
  Bridge bridge{rep, session.target.leg(), monitor, session.channels, std::move(session.notice), clock};
  return bridge.run();
}

Done work(const WorkerArguments& arguments) {
  RETURN_IF_ERROR(shut_in(arguments));
  MonitorClient monitor{Channel{UniqueFd{kChannelDescriptor}}, arguments.incarnation};
  ASSIGN_OR_RETURN(auto beginning, monitor.await_begin());
  RETURN_IF_ERROR(make_nonblocking(beginning.socket.get()));
  auto rep = RepSide::greet(std::move(beginning.socket), beginning.facts, monitor);
  if (!rep) {
    monitor.tell_finished({Finish::rep_protocol, rep.error().message(), 0, 0});
    return {};
  }
  monitor.tell_finished(serve(*rep, beginning.facts, monitor, SystemClock{}));
  return {};
}

}  // namespace
}  // namespace sallyport

int main(int count, char** values) {
  const auto arguments = sallyport::read_worker_arguments("sallyport-ssh", count, values);
  const auto done =
      arguments ? sallyport::work(*arguments) : sallyport::Done{tl::unexpected{arguments.error()}};
  if (!done) sallyport::log_error("sallyport-ssh: {}", done.error().message());
  // No exit handlers: they would ask for more than the filter lets through.
  _exit(done ? 0 : 1);
}
