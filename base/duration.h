// Durations as people write them in configuration: "90s", "30m", "4h", "2d". Runs in: every program.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace sallyport {

// One number and one unit, or several from large to small ("1h30m"). Zero parses; limits are the caller's.
Result<std::chrono::seconds> parse_duration(std::string_view text);
// The shortest such text: 5400 s is "1h30m".
std::string to_text(std::chrono::seconds duration);

}  // namespace sallyport
