// The gate's status as text. Pure; runs in: sallyport.
#pragma once

#include <string>

#include "base/clock.h"
#include "gateway/audit/json.h"

namespace sallyport {

std::string status_text(const nlohmann::json& status, bool color, WallTime now);

}  // namespace sallyport
