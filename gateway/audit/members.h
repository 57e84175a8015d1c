// Reading the members of JSON that others wrote: a record, an answer of the monitor's. Pure; runs in:
// sallyport, sallyport-send, sallyport-metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/audit/json.h"

namespace sallyport {

// Member `key` as text; empty when it is absent or something else.
std::string text_of(const nlohmann::json& object, const char* key);
std::uint64_t number_of(const nlohmann::json& object, const char* key);
std::vector<std::string> texts_of(const nlohmann::json& object, const char* key);
const nlohmann::json& member(const nlohmann::json& object, const char* key);  // null when absent

std::string join(const std::vector<std::string>& texts, std::string_view between = ", ");

}  // namespace sallyport
