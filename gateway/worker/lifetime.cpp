// Runs in: the workers.
#include "gateway/worker/lifetime.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <string_view>

#include "base/check.h"

namespace sallyport {

Done die_with_parent(int channel) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return fail_errno("asking to die with the monitor");
  // getppid() says nothing inside a PID namespace of one's own; the channel's far end does.
  pollfd far_end{channel, 0, 0};
  if (poll(&far_end, 1, 0) < 0) return fail_errno("looking for the monitor");
  if ((far_end.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return fail("the monitor is gone");
  return {};
}

void leave_without_monitor() { _exit(0); }

// A handler, because a worker is the first process of its PID namespace: those ignore what they do not
// handle.
Done prepare_to_limit_work() {
  const auto leave = [](int) {
    constexpr std::string_view kWords = "<3>worker: caught in a loop\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, kWords.data(), kWords.size());
    _exit(kOverworked);
  };
  if (signal(SIGPROF, leave) == SIG_ERR) return fail_errno("handling the end of the work limit");
  return {};
}

void limit_work(std::chrono::seconds most) {
  const itimerval once{{0, 0}, {most.count(), 0}};
  our_bug(setitimer(ITIMER_PROF, &once, nullptr) != 0, "no timer for processor time");
}

}  // namespace sallyport
