// Runs in: sallyport, sallyport-send.
#include "gateway/ocsf/ocsf_fields.h"

#include "base/endpoint.h"
#include "gateway/audit/members.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr int kUnknown = 0, kOther = 99;  // of every enumeration of OCSF
constexpr int kNetworkLogon = 3, kInbound = 1, kDevice = 1, kRegularFile = 1, kFolder = 2, kSha256 = 3,
              kNew = 1;

std::string name_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  const auto name = slash == path.npos ? path : path.substr(slash + 1);
  return name.empty() ? path : name;
}

}  // namespace

Json OcsfFields::take(const char* key) {
  const auto found = rest_.find(key);
  if (found == rest_.end()) return nullptr;
  auto value = std::move(*found);
  rest_.erase(found);
  return value;
}

std::string OcsfFields::take_text(const char* key) {
  const auto found = rest_.find(key);
  return found != rest_.end() && found->is_string() ? take(key).get<std::string>() : std::string{};
}

bool OcsfFields::has_number(const char* key) const { return member(rest_, key).is_number_unsigned(); }

// An address with or without a port. A text that is neither stays where it is.
Json OcsfFields::take_endpoint(const char* key) {
  const auto text = text_of(rest_, key);
  const auto endpoint = Endpoint::parse(text);
  const auto address = Address::parse(text);
  if (!endpoint && !address) return nullptr;
  rest_.erase(key);
  if (endpoint) return {{"ip", endpoint->address.text()}, {"port", endpoint->port}};
  return {{"ip", address->text()}};
}

Json OcsfFields::gate() const { return {{"hostname", source_.gate}}; }

Json OcsfFields::product() const {
  return {{"name", "Sallyport"}, {"vendor_name", "Sallyport"}, {"version", source_.version}};
}

// Who did it: a person on the gate, or the gate itself.
void OcsfFields::put_actor() {
  auto name = take_text("by");
  if (name.empty()) name = take_text("enabled_by");
  if (name.empty()) {
    event_["actor"] = {{"app_name", "sallyportd"}};
    return;
  }
  event_["actor"] = {{"user", {{"name", name}}}};
  if (has_number("uid")) event_["actor"]["user"]["uid"] = std::to_string(take("uid").get<std::uint64_t>());
}

// Authentication (3002). Which factor was wrong is in no record.
void OcsfFields::put_authentication() {
  const auto rep = take_text("rep");
  event_["user"] = rep.empty() ? Json{{"name", "unknown"}, {"type_id", kUnknown}, {"type", "Unknown"}}
                               : Json{{"name", rep}};
  event_["dst_endpoint"] = gate();
  event_["is_mfa"] = event_["is_remote"] = true;
  event_["logon_type_id"] = kNetworkLogon;
  event_["logon_type"] = "Network";
  if (auto peer = take_endpoint("peer"); !peer.is_null()) event_["src_endpoint"] = std::move(peer);
  if (const auto method = take_text("method"); !method.empty()) {
    event_["auth_protocol_id"] = kOther;
    event_["auth_protocol"] = method;
  }
}

// Account Change (3001): of a representative.
void OcsfFields::put_account() {
  event_["user"] = {{"name", take_text("rep")}};
  put_actor();
}

// Entity Management (3004): of a grant, a session or a target.
void OcsfFields::put_entity(const std::string& name) {
  Json& entity = event_["entity"];
  if (name.starts_with("target.")) {
    entity = {{"name", take_text("target")}, {"type_id", kDevice}, {"type", "Device"}};
  } else if (name.starts_with("session.")) {
    entity = {{"uid", take_text("session")}, {"type_id", kOther}, {"type", "Session"}};
  } else {
    entity = {{"uid", text_of(rest_, "grant")}, {"type_id", kOther}, {"type", "Grant"}};
    if (const auto policy = take_text("policy"); !policy.empty()) entity["policy"] = {{"name", policy}};
    if (const auto rep = take_text("rep"); !rep.empty()) entity["user"] = {{"name", rep}};
  }
  if (const auto reason = take_text("reason"); !reason.empty()) event_["comment"] = reason;
  if (auto peer = take_endpoint("peer"); !peer.is_null()) event_["src_endpoint"] = std::move(peer);
  put_actor();
}

// Network Activity (4001) and SSH Activity (4007): from the representative, to the target or else the gate.
void OcsfFields::put_network() {
  Json& to = event_["dst_endpoint"];
  to = take_endpoint("target_address");
  if (to.is_null()) to = take_endpoint("reached");
  if (const auto target = to.is_null() ? take_text("target") : ""; !target.empty()) to = {{"name", target}};
  if (to.is_null()) to = gate();
  if (auto peer = take_endpoint("peer"); !peer.is_null()) event_["src_endpoint"] = std::move(peer);
  Json& connection = event_["connection_info"];
  connection = {{"direction_id", kInbound}, {"direction", "Inbound"}};
  if (const auto session = take_text("session"); !session.empty()) connection["session"] = {{"uid", session}};
  if (!has_number("to_target") || !has_number("from_target")) return;
  const auto out = number_of(rest_, "to_target"), in = number_of(rest_, "from_target");
  take("to_target"), take("from_target");
  event_["traffic"] = {{"bytes_out", out}, {"bytes_in", in}, {"bytes", out + in}};
}

// File System Activity (1001): a file of the target's, or a recording of the gate's.
void OcsfFields::put_file(const std::string& name) {
  const auto session = take_text("session");
  put_actor();
  if (!session.empty()) event_["actor"]["session"] = {{"uid", session}};
  event_["device"] = {{"hostname", source_.gate}, {"type_id", kOther}, {"type", "Gateway"}};
  const auto what = text_of(rest_, "what");
  const bool is_folder = what.starts_with("directory");
  auto path = take_text("path");
  if (path.empty() && name.starts_with("recording."))  // recording.read names it by its number
    path = "recordings/" + session + "/" + std::to_string(number_of(rest_, "channel")) + ".cast";
  auto own_name = take_text("name");
  if (own_name.empty()) own_name = path.empty() ? "unknown" : name_of(path);
  Json& file = event_["file"];
  file = {{"name", own_name},
          {"type_id", is_folder ? kFolder : kRegularFile},
          {"type", is_folder ? "Folder" : "Regular File"}};
  if (!path.empty()) file["path"] = path;
  if (has_number("size")) file["size"] = take("size");
  if (const auto sha256 = take_text("sha256"); !sha256.empty())
    file["hashes"] = Json::array({{{"algorithm_id", kSha256}, {"algorithm", "SHA-256"}, {"value", sha256}}});
  if (const auto other = take_text("other"); !other.empty())
    event_["file_result"] = {
        {"name", name_of(other)}, {"path", other}, {"type_id", kRegularFile}, {"type", "Regular File"}};
}

// Detection Finding (2004): what somebody has to look at. New, as every finding is that nobody has worked on.
void OcsfFields::put_finding(const OcsfMapping& mapping, const std::string& name) {
  const auto hash = text_of(rest_, "hash"), title = mapping.alarm.empty() ? name : mapping.alarm;
  event_["finding_info"] = {{"uid", hash.empty() ? title : hash},  // a break in the journal has no hash
                            {"title", title},
                            {"types", Json::array({name})}};
  event_["status_id"] = kNew;
  event_["status"] = "New";
}

// Application Lifecycle (6002): of the gate itself. In OCSF 1.3 `app` is a product.
void OcsfFields::put_application() {
  event_["app"] = product();
  if (const auto version = take_text("version"); !version.empty()) event_["app"]["version"] = version;
}

void OcsfFields::fill(const OcsfMapping& mapping, const std::string& name) {
  event_["metadata"]["product"] = product();
  switch (mapping.of) {
    case OcsfClass::authentication:
      return put_authentication();
    case OcsfClass::account_change:
      return put_account();
    case OcsfClass::entity_management:
      return put_entity(name);
    case OcsfClass::network_activity:
    case OcsfClass::ssh_activity:
      return put_network();
    case OcsfClass::file_activity:
      return put_file(name);
    case OcsfClass::detection_finding:
      return put_finding(mapping, name);
    case OcsfClass::application_lifecycle:
      return put_application();
    case OcsfClass::base_event:
      return;
  }
}

}  // namespace sallyport
