// Reading the members of the monitor's answers, and saying times and sizes as people do. Pure; runs in:
// sallyport.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/audit/json.h"

namespace sallyport {

// Member `key` as text; empty when it is absent or something else.
std::string text_of(const nlohmann::json& object, const char* key);
std::uint64_t number_of(const nlohmann::json& object, const char* key);
std::vector<std::string> texts_of(const nlohmann::json& object, const char* key);
const nlohmann::json& member(const nlohmann::json& object, const char* key);  // null when absent

std::string join(const std::vector<std::string>& texts, std::string_view between = ", ");

// "2026-01-31 23:59:59 UTC" of an RFC 3339 text; other text stays as it is.
std::string time_text(const std::string& rfc3339);
// The same with how far off it is: "… (in 29m)", "… (5m ago)".
std::string time_text_with_distance(const std::string& rfc3339, WallTime now);
std::string size_text(std::uint64_t bytes);  // "1.5 MiB"

}  // namespace sallyport
