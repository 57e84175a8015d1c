// Runs in: sallyport, sallyport-send.
#include "gateway/ocsf/ocsf.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "gateway/audit/members.h"
#include "gateway/ocsf/ocsf_fields.h"
#include "gateway/ocsf/ocsf_table.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr int kActivities = 100;  // type_uid is class_uid * 100 + activity_id

// Milliseconds since 1970; 0 where a record has no time.
std::int64_t milliseconds(const std::string& rfc3339) {
  const auto time = from_rfc3339(rfc3339);
  if (!time) return 0;
  return std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count();
}

Json classification(const OcsfMapping& mapping) {
  const auto class_uid = static_cast<int>(mapping.of);
  return {{"class_uid", class_uid},
          {"class_name", caption_of(mapping.of)},
          {"category_uid", class_uid / 1000},
          {"category_name", category_caption_of(mapping.of)},
          {"activity_id", mapping.activity},
          {"activity_name", mapping.activity_name},
          {"type_uid", class_uid * kActivities + mapping.activity},
          {"type_name", fmt::format("{}: {}", caption_of(mapping.of), mapping.activity_name)},
          {"severity_id", static_cast<int>(mapping.severity)},
          {"severity", caption_of(mapping.severity)}};
}

void put_status(Json& event, const OcsfMapping& mapping) {
  if (mapping.status == OcsfStatus::unsaid) return;
  event["status_id"] = static_cast<int>(mapping.status);
  event["status"] = mapping.status == OcsfStatus::success ? "Success" : "Failure";
}

// A grant's records belong together; those of a representative or a target stand alone.
void put_metadata(Json& event, Json& rest, const std::string& name) {
  Json& metadata = event["metadata"];
  metadata["version"] = kOcsfVersion;
  metadata["log_name"] = "journal";
  metadata["event_code"] = name;
  metadata["uid"] = text_of(rest, "hash");
  metadata["original_time"] = text_of(rest, "time");
  metadata["sequence"] = number_of(rest, "seq");
  if (const auto grant = text_of(rest, "grant"); !grant.empty()) metadata["correlation_uid"] = grant;
  for (const char* const placed : {"event", "hash", "time", "seq", "grant"}) rest.erase(placed);
}

}  // namespace

Json to_ocsf(const Json& record, const OcsfSource& source) {
  Json rest = record.is_object() ? record : Json::object();
  const auto name = text_of(rest, "event");
  const auto mapping = ocsf_mapping(name, rest);
  auto event = classification(mapping);
  event["time"] = milliseconds(text_of(rest, "time"));
  put_status(event, mapping);
  OcsfFields{event, rest, source}.fill(mapping, name);
  put_metadata(event, rest, name);
  if (!mapping.alarm.empty()) event["message"] = mapping.alarm;
  if (const auto reason = text_of(rest, "reason"); !reason.empty()) {
    event["status_detail"] = reason;
    rest.erase("reason");
  }
  if (!rest.empty()) event["unmapped"] = std::move(rest);
  return event;
}

}  // namespace sallyport
