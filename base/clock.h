// Clock: time comes in from outside, so that a test can hold it. Runs in: every program.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace sallyport {

// What people and records mean by time: UTC, microseconds.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

// A clock that shows an earlier time is wrong: this program was not made yet.
inline constexpr WallTime kMadeAfter = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};

// What deadlines are measured by: never set back, counts on while the machine sleeps (CLOCK_BOOTTIME).
struct BootClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock, duration>;
  static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual BootTime boot() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  BootTime boot() const override;
};

// RFC 3339 in UTC with microseconds: 2026-01-31T23:59:59.000001Z
std::string to_rfc3339(WallTime time);
Result<WallTime> from_rfc3339(std::string_view text);

}  // namespace sallyport
