// Runs in: sallyport, sallyport-send, sallyport-metrics.
#include "gateway/audit/alarm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/audit/members.h"

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
                     join(texts_of(fields, "what")));
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

}  // namespace

std::string alarm_in(std::string_view event, const Json& fields) {
  const auto rule = std::find_if(kAlarms.begin(), kAlarms.end(),
                                 [&](const AlarmRule& each) { return each.event == event; });
  return rule == kAlarms.end() ? std::string{} : rule->text(fields);
}

std::vector<std::string_view> alarm_events() {
  std::vector<std::string_view> events;
  for (const auto& rule : kAlarms) events.push_back(rule.event);
  return events;
}

}  // namespace sallyport
