// A grant as the console sees it (docs/WIRE.md, section 3). Runs in: sallyportd.
#pragma once

#include "gateway/audit/json.h"
#include "gateway/core/grant.h"

namespace sallyport {

nlohmann::json to_json(const Grant& grant);

}  // namespace sallyport
