// The gate's status as text. Pure; runs in: sallyport.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"

namespace sallyport {

std::string status_text(const nlohmann::json& status, bool color, WallTime now);

}  // namespace sallyport
