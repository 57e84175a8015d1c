// Saying times and sizes as people do. Pure; runs in: sallyport.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "gateway/audit/members.h"

namespace sallyport {

// "2026-01-31 23:59:59 UTC" of an RFC 3339 text; other text stays as it is.
std::string time_text(const std::string& rfc3339);
// The same with how far off it is: "… (in 29m)", "… (5m ago)".
std::string time_text_with_distance(const std::string& rfc3339, WallTime now);
std::string size_text(std::uint64_t bytes);  // "1.5 MiB"

}  // namespace sallyport
