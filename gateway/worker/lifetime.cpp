// Runs in: the workers.
#include "gateway/worker/lifetime.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

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

}  // namespace sallyport
