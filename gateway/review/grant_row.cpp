// Runs in: sallyport.
#include "gateway/review/grant_row.h"

#include <algorithm>
#include <array>

#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

struct AlarmRule {
  std::string_view event;
  std::string (*text)(const Json& fields);  // empty: no alarm
};

std::string left_open(const Json& fields) {
  const auto left = join(texts_of(fields, "left"));
  return left.empty() ? "" : "left open in the kernel: " + left;
}

std::string cut_recording(const Json& fields) {
  const auto alarm = text_of(fields, "alarm");
  return alarm.empty() ? "" : "recording: " + alarm;
}

std::string bad_end(const Json& fields) {
  const auto reason = text_of(fields, "reason");
  for (const std::string_view bad :
       {"it cannot be recorded", "it could not be recorded", "the gate's firewall", "the worker is gone",
        "the worker failed", "gateway restarted"})
    if (reason.starts_with(bad)) return "ended: " + reason;
  return {};
}

std::string locked(const Json& fields) {
  return fmt::format("locked after {} failed logins", number_of(fields, "failures"));
}

std::string barred(const Json& fields) {
  return fmt::format("closed to {} after {} failed logins", text_of(fields, "source"),
                     number_of(fields, "failures"));
}

std::string unaccounted(const Json& fields) {
  return fmt::format("channel {} could not be told apart into files", number_of(fields, "channel"));
}

std::string unlisted(const Json&) { return "more files than the journal lists"; }

std::string changed(const Json& fields) {
  const auto who = text_of(fields, "process");
  return fmt::format("somebody else{} changed the firewall: {}", who.empty() ? "" : " (" + who + ")",
                     text_of(fields, "what"));
}

std::string damaged(const Json& fields) {
  return fmt::format("damage to the journal was acknowledged by {}: {}", text_of(fields, "by"),
                     text_of(fields, "found"));
}

std::string unusable(const Json& fields) {
  return fmt::format("the secret of {} cannot be used: {}", text_of(fields, "rep"),
                     text_of(fields, "problem"));
}

std::string other_key(const Json& fields) {
  const auto reason = text_of(fields, "reason");
  return reason.find("host key") == reason.npos ? "" : "target: " + reason;
}

constexpr std::array kAlarms{
    AlarmRule{"firewall.closed", left_open},
    AlarmRule{"firewall.changed", changed},
    AlarmRule{"recording.closed", cut_recording},
    AlarmRule{"grant.locked", locked},
    AlarmRule{"grant.barred", barred},
    AlarmRule{"session.files_unaccounted", unaccounted},
    AlarmRule{"session.files_unlisted", unlisted},
    AlarmRule{"session.ended", bad_end},
    AlarmRule{"target.failed", other_key},
    AlarmRule{"rep.secret_unusable", unusable},
    AlarmRule{"journal.damage_acknowledged", damaged},
};

Json count_json(const FileCount& count) { return {{"count", count.count}, {"bytes", count.bytes}}; }

}  // namespace

std::string alarm_in(const Record& record) {
  const auto rule = std::find_if(kAlarms.begin(), kAlarms.end(),
                                 [&](const AlarmRule& each) { return each.event == record.event; });
  return rule == kAlarms.end() ? std::string{} : rule->text(record.fields);
}

Json to_json(const GrantRow& row) {
  Json out{{"grant", row.grant},
           {"state", row.state},
           {"failed_logins", row.failed_logins},
           {"refused_files", row.refused_files},
           {"files_to_target", count_json(row.to_target)},
           {"files_from_target", count_json(row.from_target)},
           {"alarms", Json::array()},
           {"recordings", Json::array()}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  put("rep", row.rep);
  put("target", row.target);
  put("enabled_by", row.admin);
  put("enabled_at", row.enabled_at);
  put("ticket", row.ticket);
  put("reason", row.reason);
  put("session", row.session);
  put("peer", row.peer);
  put("began", row.began);
  put("ended", row.ended);
  put("end_reason", row.end_reason);
  put("ended_by", row.ended_by);
  for (const auto& alarm : row.alarms) out["alarms"].push_back({{"time", alarm.time}, {"text", alarm.text}});
  for (const auto& recording : row.recordings)
    out["recordings"].push_back({{"channel", recording.channel}, {"path", recording.path}});
  return out;
}

}  // namespace sallyport
