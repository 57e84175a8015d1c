// Runs in: every program.
#include "base/duration.h"

#include <array>
#include <charconv>

namespace sallyport {

namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array kUnits{Unit{'d', 86400}, Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};
constexpr std::int64_t kLargestNumber = 1'000'000;  // far beyond use, far from overflow

}  // namespace

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  const auto malformed = [&] {
    return fail("'{}' is not a duration (expected e.g. 90s, 30m, 4h or 1h30m)", text);
  };
  std::int64_t total = 0;
  std::size_t next_unit = 0;  // units must get smaller
  std::string_view rest = text;
  do {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc{} || number < 0 || number > kLargestNumber || digits == rest.size())
      return malformed();
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].letter != rest[digits]) ++unit;
    if (unit == kUnits.size()) return malformed();
    total += number * kUnits[unit].seconds;
    next_unit = unit + 1;
    rest.remove_prefix(digits + 1);
  } while (!rest.empty());
  return std::chrono::seconds{total};
}

std::string to_text(std::chrono::seconds duration) {
  std::int64_t rest = duration.count();
  if (rest <= 0) return "0s";
  std::string text;
  for (const auto& unit : kUnits) {
    if (rest >= unit.seconds) text += fmt::format("{}{}", rest / unit.seconds, unit.letter);
    rest %= unit.seconds;
  }
  return text;
}

}  // namespace sallyport
