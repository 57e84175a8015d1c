// Which records somebody has to look at, whoever reads them. Pure; runs in: sallyport, sallyport-send, sallyport-metrics.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/audit/json.h"

namespace sallyport {

// Why a record of `event` should make somebody look: what was left open, cut recordings, locked grants, files
// that could not be told apart, foreign hands on the firewall. Empty: it need not.
std::string alarm_in(std::string_view event, const nlohmann::json& fields);

// The events of which a record may be alarming.
std::vector<std::string_view> alarm_events();

}  // namespace sallyport
