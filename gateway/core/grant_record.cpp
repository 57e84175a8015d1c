// Pure; runs in: sallyportd.
#include "gateway/core/grant_record.h"

#include <algorithm>
#include <functional>

#include "gateway/core/file_record.h"
#include "gateway/core/service_record.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// Fields of a record that this program wrote and whose hash has been checked; still read with care, because
// an older or newer version may have written it.
class Fields {
 public:
  explicit Fields(const Record& record) : record_(record) {}

  std::string text(const char* key) {
    const auto found = record_.fields.find(key);
    if (found == record_.fields.end() || !found->is_string()) return missing(key), std::string{};
    return found->get<std::string>();
  }
  std::string optional_text(const char* key) {
    return record_.fields.contains(key) ? text(key) : std::string{};
  }
  std::uint64_t number(const char* key) {
    const auto found = record_.fields.find(key);
    if (found == record_.fields.end() || !found->is_number_unsigned()) return missing(key), 0;
    return found->get<std::uint64_t>();
  }
  bool boolean(const char* key) {
    const auto found = record_.fields.find(key);
    if (found == record_.fields.end() || !found->is_boolean()) return missing(key), false;
    return found->get<bool>();
  }
  WallTime time(const char* key) { return value(key, from_rfc3339(text(key))); }
  Endpoint endpoint(const char* key) { return value(key, Endpoint::parse(text(key))); }
  std::vector<Network> networks(const char* key) {
    std::vector<Network> networks;
    const auto found = record_.fields.find(key);
    if (found == record_.fields.end() || !found->is_array()) return missing(key), networks;
    for (const auto& item : *found)
      networks.push_back(
          value(key, Network::parse(item.is_string() ? item.get<std::string>() : std::string{})));
    return networks;
  }
  std::vector<Service> services(const char* key) {
    if (!record_.fields.contains(key)) return services_of_old_records();
    return value(key, services_from_json(record_.fields[key]));
  }
  std::vector<ServiceTraffic> traffic(const char* key) {
    if (!record_.fields.contains(key)) return {};
    return value(key, traffic_from_json(record_.fields[key]));
  }
  std::vector<FileTotals> files(const char* key) {
    if (!record_.fields.contains(key)) return {};
    return value(key, files_from_json(record_.fields[key]));
  }
  Done finish() const {
    if (problem_.empty()) return {};
    return fail("record {} ({}) {}", record_.seq, record_.event, problem_);
  }

 private:
  void missing(const char* key) { problem_ = fmt::format("has no usable field '{}'", key); }
  template <class T>
  T value(const char* key, Result<T> parsed) {
    if (parsed) return *std::move(parsed);
    missing(key);
    return T{};
  }
  const Record& record_;
  std::string problem_;
};

Done enabled(Grants& grants, const Record& record) {
  Fields fields{record};
  Grant grant;
  grant.id = GrantId{fields.text("grant")};
  grant.rep = fields.text("rep");
  grant.target = fields.text("target");
  grant.policy = fields.text("policy");
  grant.managed_system = fields.optional_text("managed_system");
  grant.services = fields.services("services");
  grant.networks = fields.networks("networks");
  grant.session_limit = std::chrono::seconds{fields.number("session_limit")};
  grant.idle_limit = std::chrono::seconds{fields.number("idle_limit")};
  grant.failed_logins_limit = static_cast<std::uint32_t>(fields.number("failed_logins_limit"));
  grant.failed_dial_spends = fields.boolean("failed_dial_spends");
  if (record.fields.contains("user_verification"))
    grant.user_verification = fields.boolean("user_verification");
  grant.ticket = fields.optional_text("ticket");
  grant.reason = fields.optional_text("reason");
  grant.enabled_by = fields.text("enabled_by");
  grant.connect_by = fields.time("connect_by");
  grant.enabled_at = record.time;
  RETURN_IF_ERROR(fields.finish());
  if (!grants.emplace(grant.id, grant).second)
    return fail("record {} enables {} again", record.seq, grant.id.value());
  return {};
}

void claimed(Grant& grant, Fields& fields, const Record& record) {
  grant.session = fields.text("session");
  grant.peer = fields.endpoint("peer");
  grant.end_by = fields.time("end_by");
  grant.claimed_at = record.time;
}
void released(Grant& grant, Fields&, const Record&) {
  grant.session.clear();
  grant.peer.reset();
  grant.claimed_at = grant.end_by = {};
}
void locked(Grant&, Fields&, const Record&) {}
void unlocked(Grant& grant, Fields&, const Record&) { grant.failed_logins = {}; }
void revoked(Grant& grant, Fields& fields, const Record& record) {
  grant.end_reason = fields.text("reason");
  grant.ended_at = record.time;
}
void ended(Grant& grant, Fields& fields, const Record& record) {
  if (grant.state == GrantState::active) grant.end_reason = fields.text("reason");
  grant.ended_at = record.time;
  grant.to_target = fields.number("to_target");
  grant.from_target = fields.number("from_target");
  grant.traffic = fields.traffic("traffic");
  grant.files = fields.files("files");
  grant.session_closed = true;
}
void expired(Grant& grant, Fields&, const Record& record) { grant.ended_at = record.time; }

struct Step {
  std::string_view event;
  GrantEvent on;
  void (*fold)(Grant&, Fields&, const Record&);
};
constexpr std::array kSteps{
    Step{"grant.claimed", GrantEvent::claim, claimed},
    Step{"grant.released", GrantEvent::release, released},
    Step{"grant.expired", GrantEvent::deadline, expired},
    Step{"grant.locked", GrantEvent::lock, locked},
    Step{"grant.unlocked", GrantEvent::unlock, unlocked},
    Step{"grant.revoked", GrantEvent::revoke, revoked},
    Step{"session.ended", GrantEvent::finish, ended},
};

// A record without a usable peer is none that this program wrote; it counts nowhere. Nor does a failure after
// the end of the grant, which may have been forgotten by then: whoever was asked for its response has
// minutes.
Done count_failed(Grants& grants, const Record& record) {
  if (!record.fields.contains("grant")) return {};
  Fields fields{record};
  const auto found = grants.find(GrantId{fields.text("grant")});
  RETURN_IF_ERROR(fields.finish());
  const auto peer = Endpoint::parse(record.fields.value("peer", std::string{}));
  if (found == grants.end() || !peer) return {};
  found->second.failed_logins.count(peer->address, found->second.failed_logins_limit);
  return {};
}

Result<Grant*> grant_of(Grants& grants, const Record& record) {
  Fields fields{record};
  const auto found = grants.find(GrantId{fields.text("grant")});
  RETURN_IF_ERROR(fields.finish());
  if (found == grants.end())
    return fail("record {} ({}) names a grant that was never enabled", record.seq, record.event);
  return &found->second;
}

Done move(Grant& grant, const Step& step, const Record& record) {
  // A revoked session's own end follows its revocation, once; the grant stays revoked.
  const bool end_of_revoked = step.on == GrantEvent::finish && grant.state == GrantState::revoked &&
                              !grant.session.empty() && !grant.session_closed;
  const auto to = end_of_revoked ? std::optional{GrantState::revoked} : next(grant.state, step.on);
  const bool too_late = step.on == GrantEvent::release && grant.connected;
  if (!to || too_late)
    return fail("record {} ({}) cannot follow: {} is {}", record.seq, record.event, grant.id.value(),
                to_text(grant.state));
  Fields fields{record};
  Grant changed = grant;
  step.fold(changed, fields, record);
  RETURN_IF_ERROR(fields.finish());
  changed.state = *to;
  grant = std::move(changed);
  return {};
}

Entry about(const Grant& grant, const char* event, Json fields = Json::object()) {
  fields["grant"] = grant.id.value();
  return Entry{event, std::move(fields)};
}

Json to_json(const Leg& leg, Carriage door) {
  if (door == Carriage::https) return {{"version", leg.key_exchange}, {"cipher", leg.cipher}};
  return {{"key_exchange", leg.key_exchange}, {"cipher", leg.cipher}, {"mac", leg.mac}};
}

}  // namespace

Done fold_into(Grants& grants, const Record& record) {
  if (record.event == "grant.enabled") return enabled(grants, record);
  if (record.event == "login.failed") return count_failed(grants, record);
  if (record.event == "session.connected") {
    if (!record.fields.contains("grant")) return {};
    ASSIGN_OR_RETURN(Grant* const grant, grant_of(grants, record));
    grant->connected = true;
    return {};
  }
  for (const auto& step : kSteps) {
    if (step.event != record.event) continue;
    ASSIGN_OR_RETURN(Grant* const grant, grant_of(grants, record));
    return move(*grant, step, record);
  }
  return {};
}

Entry grant_enabled(const Grant& grant, std::uint32_t uid) {
  Json networks = Json::array();
  for (const auto& network : grant.networks) networks.push_back(network.text());
  Json fields{{"rep", grant.rep},
              {"target", grant.target},
              {"policy", grant.policy},
              {"services", services_to_json(grant.services)},
              {"networks", std::move(networks)},
              {"connect_by", to_rfc3339(grant.connect_by)},
              {"session_limit", static_cast<std::uint64_t>(grant.session_limit.count())},
              {"idle_limit", static_cast<std::uint64_t>(grant.idle_limit.count())},
              {"failed_logins_limit", grant.failed_logins_limit},
              {"failed_dial_spends", grant.failed_dial_spends},
              {"enabled_by", grant.enabled_by},
              {"uid", uid}};
  if (grant.user_verification) fields["user_verification"] = true;
  if (!grant.managed_system.empty()) fields["managed_system"] = grant.managed_system;
  if (!grant.ticket.empty()) fields["ticket"] = grant.ticket;
  if (!grant.reason.empty()) fields["reason"] = grant.reason;
  return about(grant, "grant.enabled", std::move(fields));
}

Entry grant_claimed(const Grant& grant, const std::string& session, const Endpoint& peer, WallTime end_by) {
  return about(grant, "grant.claimed",
               {{"session", session}, {"peer", peer.text()}, {"end_by", to_rfc3339(end_by)}});
}

Entry grant_released(const Grant& grant, const std::string& reason) {
  return about(grant, "grant.released", {{"session", grant.session}, {"reason", reason}});
}

Entry grant_expired(const Grant& grant) { return about(grant, "grant.expired"); }

Entry grant_locked(const Grant& grant) {
  return about(grant, "grant.locked", {{"failures", grant.failed_logins.total()}});
}

Entry grant_barred(const Grant& grant, const Address& from) {
  return about(grant, "grant.barred",
               {{"source", source_of(from).text()}, {"failures", grant.failed_logins.of(from)}});
}

Entry grant_unlocked(const Grant& grant, const std::string& by, const std::string& reason) {
  Json fields{{"by", by}};
  if (!reason.empty()) fields["reason"] = reason;
  return about(grant, "grant.unlocked", std::move(fields));
}

Entry grant_revoked(const Grant& grant, const std::string& by, const std::string& reason) {
  Json fields{{"by", by}, {"reason", reason}};
  if (grant.state == GrantState::active) fields["session"] = grant.session;
  return about(grant, "grant.revoked", std::move(fields));
}

Entry session_connected(const Grant& grant, const Connection& connection) {
  const bool is_web = connection.door == Carriage::https;
  Json fields{{"session", grant.session},
              {"target_address", connection.target.text()},
              {is_web ? "rep_tls" : "rep_ssh", to_json(connection.rep, connection.door)},
              {is_web ? "target_tls" : "target_ssh", to_json(connection.on_target, connection.door)}};
  if (connection.legacy) fields["legacy"] = true;
  return about(grant, "session.connected", std::move(fields));
}

Entry session_ended(const Grant& grant, const std::string& reason, const std::string& by,
                    const Counters& counters) {
  Json fields{{"session", grant.session},
              {"reason", reason},
              {"to_target", std::min(counters.to_target, kLargestNumber)},
              {"from_target", std::min(counters.from_target, kLargestNumber)}};
  if (!by.empty()) fields["by"] = by;
  if (!counters.traffic.empty()) fields["traffic"] = traffic_to_json(counters.traffic);
  if (!counters.files.empty()) fields["files"] = files_to_json(counters.files);
  return about(grant, "session.ended", std::move(fields));
}

}  // namespace sallyport
