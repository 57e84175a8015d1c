// Runs in: sallyportd.
#include "gateway/monitor/grant_json.h"

#include "gateway/core/file_record.h"
#include "gateway/core/service_record.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

void put(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}
void put(Json& json, const char* key, WallTime value) {
  if (value != WallTime{}) json[key] = to_rfc3339(value);
}

}  // namespace

Json to_json(const Grant& grant) {
  Json json{{"id", grant.id.value()},
            {"state", to_text(grant.state)},
            {"rep", grant.rep},
            {"target", grant.target},
            {"policy", grant.policy},
            {"services", services_to_json(grant.services)},
            {"networks", Json::array()},
            {"enabled_by", grant.enabled_by},
            {"session_limit", grant.session_limit.count()},
            {"idle_limit", grant.idle_limit.count()},
            {"failed_logins", grant.failed_logins.total()}};
  for (const auto& network : grant.networks) json["networks"].push_back(network.text());
  const auto barred = grant.failed_logins.barred(grant.failed_logins_limit);
  for (const auto& source : barred) json["barred"].push_back(source.text());
  put(json, "managed_system", grant.managed_system);
  put(json, "ticket", grant.ticket);
  put(json, "reason", grant.reason);
  put(json, "session", grant.session);
  put(json, "end_reason", grant.end_reason);
  put(json, "enabled_at", grant.enabled_at);
  put(json, "connect_by", grant.connect_by);
  put(json, "claimed_at", grant.claimed_at);
  put(json, "end_by", grant.end_by);
  put(json, "ended_at", grant.ended_at);
  if (grant.peer) json["peer"] = grant.peer->text();
  if (!grant.session.empty()) {
    json["to_target"] = grant.to_target;
    json["from_target"] = grant.from_target;
  }
  if (!grant.traffic.empty()) json["traffic"] = traffic_to_json(grant.traffic);
  if (!grant.files.empty()) json["files"] = files_to_json(grant.files);
  return json;
}

}  // namespace sallyport
