// Runs in: sallyport-auth.
#include "auth/pam/deadline.h"

#include <signal.h>

#include <utility>

namespace sallyport {

Result<Deadline> Deadline::make(std::chrono::seconds length) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  if (timer_create(CLOCK_BOOTTIME, &event, &timer) != 0) return fail_errno("making the deadline's timer");
  return Deadline{timer, length};
}

Deadline::Deadline(Deadline&& other) noexcept
    : timer_(other.timer_), owned_(std::exchange(other.owned_, false)), length_(other.length_) {}

Deadline::~Deadline() {
  if (owned_) timer_delete(timer_);
}

Done Deadline::set(std::chrono::seconds left) const {
  itimerspec spec{};
  spec.it_value.tv_sec = left.count();
  if (timer_settime(timer_, 0, &spec, nullptr) != 0) return fail_errno("setting the deadline's timer");
  return {};
}

}  // namespace sallyport
