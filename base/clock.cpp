// Runs in: every program.
#include "base/clock.h"

#include <time.h>

#include <cstdio>

namespace sallyport {

namespace {

std::chrono::microseconds read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::microseconds{now.tv_nsec / 1000};
}

bool has_rfc3339_shape(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.ddddddZ";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return false;
  }
  return true;
}

}  // namespace

WallTime SystemClock::wall() const { return WallTime{read_clock(CLOCK_REALTIME)}; }
BootTime SystemClock::boot() const { return BootTime{read_clock(CLOCK_BOOTTIME)}; }

std::string to_rfc3339(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<WallTime> from_rfc3339(std::string_view text) {
  using namespace std::chrono;
  if (!has_rfc3339_shape(text)) return fail("'{}' is not a time like 2026-01-31T23:59:59.000001Z", text);
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (const char digit : text.substr(at, length)) value = value * 10 + (digit - '0');
    return value;
  };
  const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                            day{static_cast<unsigned>(number(8, 2))}};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59)
    return fail("'{}' is not a time that exists", text);
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + microseconds{number(20, 6)};
}

}  // namespace sallyport
