// IdleClock: for how long nothing happened in a session. It stands still while the session is paused: whoever
// waits for the admin is not idle. Pure. Runs in: sallyportd.
#pragma once

#include <optional>

#include "base/clock.h"

namespace sallyport {

class IdleClock {
 public:
  explicit IdleClock(BootTime now = {}) : counted_from_(now) {}

  // Something happened.
  void touch(BootTime now) noexcept {
    counted_from_ = now;
    if (stands_since_) stands_since_ = now;
  }
  void stop(BootTime now) noexcept {
    if (!stands_since_) stands_since_ = now;
  }
  void go_on(BootTime now) noexcept {
    if (stands_since_) counted_from_ += now - *stands_since_;
    stands_since_.reset();
  }
  BootClock::duration idle(BootTime now) const noexcept {
    return stands_since_.value_or(now) - counted_from_;
  }

 private:
  BootTime counted_from_;
  std::optional<BootTime> stands_since_;
};

}  // namespace sallyport
