// Grants as text. Pure; runs in: sallyport.
#pragma once

#include <string>

#include "base/clock.h"
#include "gateway/audit/json.h"

namespace sallyport {

// A table of grants, live ones as the monitor ordered them.
std::string grants_text(const nlohmann::json& grants, bool color, WallTime now);
// One grant, a line for each of its members that has a value.
std::string grant_text(const nlohmann::json& grant, bool color, WallTime now);
// "Tell the representative:" with commands and fingerprints.
std::string tell_text(const nlohmann::json& tell, bool color);
// "Open in the kernel now:" with one line each.
std::string kernel_text(const nlohmann::json& lines, bool color);

}  // namespace sallyport
