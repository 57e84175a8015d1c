// Pure; runs in: sallyport-metrics.
#include "gateway/metrics/journal_counts.h"

#include <tuple>

#include "gateway/audit/alarm.h"
#include "gateway/audit/members.h"
#include "gateway/audit/segment.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;
using enum MetricKind;

constexpr MetricFamily kLogins{"sallyport_logins", counter, "Logins by result.", "", "result"};
constexpr MetricFamily kGrantEvents{"sallyport_grant_events", counter, "What happened to grants.", "",
                                    "event"};
constexpr MetricFamily kEnds{"sallyport_sessions_ended", counter, "Sessions that ended, by reason.", "",
                             "reason"};
constexpr MetricFamily kBytes{"sallyport_session_bytes", counter,
                              "Bytes that the gate relayed in sessions that have ended.", "bytes",
                              "direction"};
constexpr MetricFamily kNetworkBytes{
    "sallyport_network_bytes", counter,
    "Bytes that the kernel counted in sessions that have ended, with IP headers.", "bytes", "direction"};
constexpr MetricFamily kFiles{"sallyport_files", counter, "Files that passed.", "", "direction"};
constexpr MetricFamily kFileBytes{"sallyport_file_bytes", counter, "Bytes of files that passed.", "bytes",
                                  "direction"};
constexpr MetricFamily kRefusedFiles{"sallyport_files_refused", counter,
                                     "Files that the policy did not let pass."};
constexpr MetricFamily kChannels{"sallyport_channels", counter,
                                 "Programs and connections that sessions opened."};
constexpr MetricFamily kFirewall{"sallyport_firewall_operations", counter,
                                 "What was done to the gate's tables in the kernel.", "", "operation"};
constexpr MetricFamily kAlarms{"sallyport_alarms", counter, "Records that somebody has to look at.", "",
                               "event"};
constexpr MetricFamily kRecordings{"sallyport_recordings", counter, "Recordings that were closed or deleted.",
                                   "", "event"};
constexpr MetricFamily kRecordingBytes{"sallyport_recording_bytes", counter,
                                       "Bytes of recordings that were closed, before they are compressed.",
                                       "bytes"};
constexpr MetricFamily kStarts{"sallyport_gateway_starts", counter, "Starts of the monitor."};

constexpr MetricFamily kGrants{"sallyport_grants", gauge, "Grants that are not over.", "", "state"};
constexpr MetricFamily kSessions{"sallyport_sessions", gauge, "Sessions that have begun and not ended."};
constexpr MetricFamily kRecords{"sallyport_journal_records", counter,
                                "Records that the journal has, as far as it was read."};
constexpr MetricFamily kLastRecord{"sallyport_journal_last_record_timestamp_seconds", gauge,
                                   "When the last record was written.", "seconds"};
constexpr MetricFamily kBroken{
    "sallyport_journal_broken", gauge,
    "1: something in the journal is not as the gate wrote it (sallyport audit verify)."};

constexpr std::array<std::string_view, 3> kStates{"armed", "active", "locked"};

struct ReasonClass {
  std::string_view begins, is;
};
constexpr std::array kReasons{
    ReasonClass{"the rep left", "rep_left"},
    ReasonClass{"the target closed the connection", "target_closed"},
    ReasonClass{"its time is over", "time_over"},
    ReasonClass{"nothing happened for", "idle"},
    ReasonClass{"ended by ", "ended"},
    ReasonClass{"revoked by ", "revoked"},
    ReasonClass{"it cannot be recorded", "not_recorded"},
    ReasonClass{"it could not be recorded", "not_recorded"},
    ReasonClass{"the gateway was stopped", "gateway_stopped"},
    ReasonClass{"gateway restarted", "gateway_restarted"},
    ReasonClass{"the gate's firewall rules", "firewall_changed"},
    ReasonClass{"the worker ", "worker_failed"},
};
constexpr std::string_view kOtherReason = "other";

// "opened" of "firewall.opened"; empty where the event is of another family.
std::string verb_of(const std::string& event, std::string_view family) {
  if (!event.starts_with(family) || event.size() <= family.size() || event[family.size()] != '.') return {};
  return event.substr(family.size() + 1);
}

std::vector<std::string_view> reason_classes() {
  std::vector<std::string_view> classes;
  for (const auto& reason : kReasons)
    if (classes.empty() || classes.back() != reason.is) classes.push_back(reason.is);
  classes.push_back(kOtherReason);
  return classes;
}

}  // namespace

std::string_view reason_class(std::string_view reason) {
  for (const auto& each : kReasons)
    if (reason.starts_with(each.begins)) return each.is;
  return kOtherReason;
}

JournalCounts::JournalCounts()
    : logins_(kLogins, {"accepted", "failed"}),
      grants_(kGrantEvents,
              {"enabled", "claimed", "released", "expired", "barred", "locked", "unlocked", "revoked"}),
      ends_(kEnds, reason_classes()),
      bytes_(kBytes, {"to-target", "from-target"}),
      network_bytes_(kNetworkBytes, {"from-rep", "to-rep"}),
      files_(kFiles, {"to-target", "from-target"}),
      file_bytes_(kFileBytes, {"to-target", "from-target"}),
      refused_files_(kRefusedFiles),
      channels_(kChannels),
      firewall_(kFirewall, {"opened", "forwarded", "closed", "changed", "repaired"}),
      alarms_(kAlarms, alarm_events()),
      recordings_(kRecordings, {"closed", "deleted", "read"}),
      recording_bytes_(kRecordingBytes),
      starts_(kStarts) {}

void JournalCounts::begin_anew(const Record& record) {
  const bool broken = broken_;
  *this = JournalCounts{};
  broken_ = broken;
  since_ = record.time;
}

// What is live at a segment's beginning; terminal states are carried too, for a while.
void JournalCounts::carry(const Json& carried) {
  const auto& live = member(carried, "live");
  if (!live.is_object()) return;
  const auto grant = text_of(member(live, "enabled"), "grant"), session = text_of(live, "session");
  const auto state = text_of(live, "state");
  for (const auto known : kStates)
    if (known == state) live_[grant] = state;
  const bool begun = state == "active" || state == "revoked";
  if (begun && !session.empty() && number_of(live, "session_closed") == 0) sessions_.insert(session);
}

void JournalCounts::follow_grant(const std::string& verb, const std::string& grant,
                                 const std::string& session) {
  if (verb == "claimed") {
    live_[grant] = "active";
    sessions_.insert(session);
  } else if (verb == "locked") {
    live_[grant] = "locked";
  } else if (verb == "expired" || verb == "revoked") {
    live_.erase(grant);
  } else if (verb == "enabled" || verb == "released" || verb == "unlocked") {
    live_[grant] = "armed";
    if (verb == "released") sessions_.erase(session);
  }
}

void JournalCounts::end_session(const Json& fields) {
  sessions_.erase(text_of(fields, "session"));
  live_.erase(text_of(fields, "grant"));
  ends_.add(reason_class(text_of(fields, "reason")));
  bytes_.add("to-target", number_of(fields, "to_target"));
  bytes_.add("from-target", number_of(fields, "from_target"));
  const auto& traffic = member(fields, "traffic");
  if (!traffic.is_array()) return;
  for (const auto& service : traffic) {
    network_bytes_.add("from-rep", number_of(service, "in_bytes"));
    network_bytes_.add("to-rep", number_of(service, "out_bytes"));
  }
}

void JournalCounts::count_file(const Json& fields) {
  const auto direction = text_of(fields, "direction");
  files_.add(direction);
  file_bytes_.add(direction, number_of(fields, "size"));
}

void JournalCounts::see(const Record& record) {
  if (record.seq <= last_seq_ || last_seq_ == 0) begin_anew(record);
  last_seq_ = record.seq;
  last_time_ = record.time;
  const auto& [event, fields] = std::tie(record.event, record.fields);
  if (event == kSegmentEvent) return live_.clear(), sessions_.clear();
  if (event == kCarriedEvent) return carry(fields);
  if (!alarm_in(event, fields).empty()) alarms_.add(event);
  logins_.add(verb_of(event, "login"));
  firewall_.add(verb_of(event, "firewall"));
  recordings_.add(verb_of(event, "recording"));
  if (const auto verb = verb_of(event, "grant"); !verb.empty()) {
    grants_.add(verb);
    follow_grant(verb, text_of(fields, "grant"), text_of(fields, "session"));
  }
  if (event == "gateway.started") starts_.add("");
  if (event == "session.channel") channels_.add("");
  if (event == "session.file") count_file(fields);
  if (event == "session.file_refused") refused_files_.add("");
  if (event == "session.ended") end_session(fields);
  if (event == "recording.closed") recording_bytes_.add("", number_of(fields, "size"));
}

void JournalCounts::write_live(Exposition& out) const {
  out.begin(kGrants);
  for (const auto state : kStates) {
    std::uint64_t count = 0;
    for (const auto& [grant, in] : live_) count += in == state ? 1 : 0;
    out.sample(count, state);
  }
  out.add(kSessions, std::uint64_t{sessions_.size()});
}

void JournalCounts::write_journal(Exposition& out) const {
  out.begin(kRecords);
  out.total(last_seq_);
  out.add(kLastRecord, last_time_);
  out.add(kBroken, std::uint64_t{broken_ ? 1U : 0U});
}

void JournalCounts::write(Exposition& out) const {
  write_live(out);
  for (const auto* const tally :
       {&grants_, &logins_, &ends_, &bytes_, &network_bytes_, &channels_, &files_, &file_bytes_,
        &refused_files_, &firewall_, &alarms_, &recordings_, &recording_bytes_, &starts_})
    tally->write(out, since_);
  write_journal(out);
}

}  // namespace sallyport
