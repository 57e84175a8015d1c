// Runs in: sallyport.
#include "gateway/review/values.h"

#include <fmt/format.h>

#include <array>

#include "base/duration.h"

namespace sallyport {

std::string time_text(const std::string& rfc3339) {
  if (!from_rfc3339(rfc3339)) return rfc3339;
  return fmt::format("{} {} UTC", rfc3339.substr(0, 10), rfc3339.substr(11, 8));
}

std::string time_text_with_distance(const std::string& rfc3339, WallTime now) {
  const auto time = from_rfc3339(rfc3339);
  if (!time) return rfc3339;
  auto distance = std::chrono::duration_cast<std::chrono::seconds>(*time - now);
  const bool past = distance.count() < 0;
  if (past) distance = -distance;
  if (distance >= std::chrono::minutes{1})
    distance = std::chrono::floor<std::chrono::minutes>(distance + std::chrono::seconds{30});
  return fmt::format("{} ({}{}{})", time_text(rfc3339), past ? "" : "in ", to_text(distance),
                     past ? " ago" : "");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace sallyport
