// Services, and what passed through them, as the journal and the console spell them (docs/JOURNAL.md).
// Pure; runs in: sallyportd.
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "gateway/core/grant.h"

namespace sallyport {

nlohmann::json services_to_json(const std::vector<Service>& services);
nlohmann::json traffic_to_json(const std::vector<ServiceTraffic>& traffic);
// What the above wrote; anything else is an error.
Result<std::vector<Service>> services_from_json(const nlohmann::json& list);
Result<std::vector<ServiceTraffic>> traffic_from_json(const nlohmann::json& list);

// What every grant opened before records said it: SSH through the proxy, and nothing else.
std::vector<Service> services_of_old_records();

}  // namespace sallyport
