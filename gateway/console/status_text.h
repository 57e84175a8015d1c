// The gate's status as text. Pure; runs in: sallyport.
#pragma once

#include <string>

#include "base/clock.h"
#include "gateway/audit/json.h"
#include "gateway/console/sending.h"

namespace sallyport {

// `sending`: a line for each place that the journal is sent on to; or why that cannot be told.
std::string status_text(const nlohmann::json& status, const Result<std::vector<Sending>>& sending, bool color,
                        WallTime now);

}  // namespace sallyport
