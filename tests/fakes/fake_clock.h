// FakeClock: a clock that the test turns. Runs in: tests.
#pragma once

#include "base/clock.h"

namespace sallyport {

class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return wall_; }
  BootTime boot() const override { return boot_; }

  // Both clocks go on.
  void advance(std::chrono::microseconds by) { wall_ += by, boot_ += by; }
  // Somebody sets the wall clock; deadlines must not notice.
  void set_wall(WallTime to) { wall_ = to; }

 private:
  WallTime wall_ = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
  BootTime boot_{std::chrono::hours{1}};
};

}  // namespace sallyport
