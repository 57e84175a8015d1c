// Pure; runs in: sallyportd.
#include "gateway/core/grant_snapshot.h"

#include "gateway/core/file_record.h"
#include "gateway/core/service_record.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

void put_time(Json& object, const char* key, WallTime time) {
  if (time != WallTime{}) object[key] = to_rfc3339(time);
}

// Members that may be absent; of another type than expected is an error.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}

  std::string text(const char* key) {
    const auto* const found = find(key);
    if (found != nullptr && !found->is_string()) problem_ = key;
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string{};
  }
  std::uint64_t number(const char* key) {
    const auto* const found = find(key);
    if (found != nullptr && !found->is_number_unsigned()) problem_ = key;
    return found != nullptr && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  }
  bool flag(const char* key) { return number(key) != 0; }
  WallTime time(const char* key) {
    const auto written = text(key);
    if (written.empty()) return {};
    const auto parsed = from_rfc3339(written);
    if (!parsed) problem_ = key;
    return parsed ? *parsed : WallTime{};
  }
  template <class T>
  T value(const char* key, Result<T> (*parse)(const Json&)) {
    const auto* const found = find(key);
    if (found == nullptr) return T{};
    auto parsed = parse(*found);
    if (!parsed) problem_ = key;
    return parsed ? *std::move(parsed) : T{};
  }
  const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  Done finish() const {
    if (problem_.empty()) return {};
    return fail("a carried grant has no usable '{}'", problem_);
  }

 private:
  const Json& object_;
  std::string problem_;
};

void put_session(const Grant& grant, Json& out) {
  if (!grant.session.empty()) out["session"] = grant.session;
  if (grant.peer) out["peer"] = grant.peer->text();
  put_time(out, "claimed_at", grant.claimed_at);
  put_time(out, "end_by", grant.end_by);
  put_time(out, "ended_at", grant.ended_at);
  if (grant.connected) out["connected"] = 1;
  if (grant.session_closed) out["session_closed"] = 1;
  if (grant.to_target > 0) out["to_target"] = grant.to_target;
  if (grant.from_target > 0) out["from_target"] = grant.from_target;
  if (!grant.traffic.empty()) out["traffic"] = traffic_to_json(grant.traffic);
  if (!grant.files.empty()) out["files"] = files_to_json(grant.files);
  if (!grant.end_reason.empty()) out["end_reason"] = grant.end_reason;
}

Done take_session(Grant& grant, Members& members) {
  grant.session = members.text("session");
  if (const auto peer = members.text("peer"); !peer.empty()) {
    ASSIGN_OR_RETURN(grant.peer, Endpoint::parse(peer));
  }
  grant.claimed_at = members.time("claimed_at");
  grant.end_by = members.time("end_by");
  grant.ended_at = members.time("ended_at");
  grant.connected = members.flag("connected");
  grant.session_closed = members.flag("session_closed");
  grant.to_target = members.number("to_target");
  grant.from_target = members.number("from_target");
  grant.traffic = members.value("traffic", traffic_from_json);
  grant.files = members.value("files", files_from_json);
  grant.end_reason = members.text("end_reason");
  return {};
}

Done take_failures(Grant& grant, Members& members) {
  const auto* const list = members.find("failed_logins");
  if (list == nullptr) return {};
  for (const auto& item : *list) {
    if (!item.is_object()) return fail("a carried grant has no usable 'failed_logins'");
    Members one{item};
    ASSIGN_OR_RETURN(const auto source, Network::parse(one.text("source")));
    grant.failed_logins.restore(source, static_cast<std::uint32_t>(one.number("failures")));
    RETURN_IF_ERROR(one.finish());
  }
  return {};
}

}  // namespace

Json grant_snapshot(const Grant& grant) {
  Json out{{"enabled", grant_enabled(grant, 0).fields},
           {"enabled_at", to_rfc3339(grant.enabled_at)},
           {"state", to_text(grant.state)}};
  out["enabled"].erase("uid");  // stands in grant.enabled alone
  for (const auto& [source, failures] : grant.failed_logins.by_source())
    out["failed_logins"].push_back({{"source", source.text()}, {"failures", failures}});
  put_session(grant, out);
  return out;
}

Result<Grant> grant_from_snapshot(const Json& snapshot) {
  if (!snapshot.is_object() || !snapshot.contains("enabled") || !snapshot["enabled"].is_object())
    return fail("a carried grant has no usable 'enabled'");
  Members members{snapshot};
  Grants grants;
  Record enabled;
  enabled.event = "grant.enabled";
  enabled.time = members.time("enabled_at");
  enabled.fields = snapshot["enabled"];
  RETURN_IF_ERROR(fold_into(grants, enabled));
  Grant grant = std::move(grants.begin()->second);
  const auto state = grant_state_from(members.text("state"));
  if (!state) return fail("carried grant {} is in no known state", grant.id.value());
  grant.state = *state;
  RETURN_IF_ERROR(take_failures(grant, members));
  RETURN_IF_ERROR(take_session(grant, members));
  RETURN_IF_ERROR(members.finish());
  return grant;
}

}  // namespace sallyport
