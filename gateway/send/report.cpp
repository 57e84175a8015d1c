// Runs in: sallyport-send.
#include "gateway/send/report.h"

#include <array>

#include "gateway/audit/alarm.h"
#include "gateway/ocsf/ocsf.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

using nlohmann::json;

struct Rank {
  std::string_view event;  // or a family, with its point
  Severity severity;
};
// The first that fits.
constexpr std::array kRanks{
    Rank{kBrokenEvent, Severity::critical},
    Rank{"firewall.changed", Severity::error},
    Rank{"config.refused", Severity::error},
    Rank{"rep.secret_unusable", Severity::error},
    Rank{"journal.damage_acknowledged", Severity::warning},
    Rank{"journal.recovered", Severity::warning},
    Rank{"login.failed", Severity::warning},
    Rank{"grant.barred", Severity::warning},
    Rank{"grant.locked", Severity::warning},
    Rank{"target.failed", Severity::warning},
    Rank{"session.file_refused", Severity::warning},
    Rank{"session.files_unaccounted", Severity::warning},
    Rank{"session.files_unlisted", Severity::warning},
    Rank{"firewall.repaired", Severity::warning},
    Rank{"session.channel", Severity::informational},  // and session.channel_closed
    Rank{"session.file", Severity::informational},     // and session.file_changed
    Rank{"gateway.", Severity::notice},
    Rank{"grant.", Severity::notice},
    Rank{"login.", Severity::notice},
    Rank{"session.", Severity::notice},
    Rank{"recording.", Severity::notice},
    Rank{"rep.", Severity::notice},
    Rank{"target.", Severity::notice},
    Rank{"secrets.", Severity::notice},
};

constexpr std::array kNames{"grant", "session", "rep", "target", "by", "peer"};

// The two events that say by a field that something is wrong.
bool is_alarm(std::string_view event, const json& fields) {
  return (event == "firewall.closed" || event == "recording.closed") && !alarm_in(event, fields).empty();
}

}  // namespace

Severity severity_of(std::string_view event, const json& fields) {
  if (is_alarm(event, fields)) return Severity::error;
  for (const auto& rank : kRanks)
    if (event.starts_with(rank.event)) return rank.severity;
  return Severity::informational;
}

Result<Report> report_of(const RecordView& view) {
  ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
  Report report{severity_of(record.event, record.fields),
                record.event,
                std::string{view.time},
                {{"seq", std::to_string(record.seq)}, {"hash", record.hash}},
                std::string{view.line}};
  for (const auto* name : kNames) {
    const auto found = record.fields.find(name);
    if (found != record.fields.end() && found->is_string())
      report.names.emplace_back(name, found->get<std::string>());
  }
  return report;
}

void translate_to_ocsf(Report& report, const std::string& gate) {
  report.text = json_text(to_ocsf(parse_json(report.text), {gate, kVersion}));
}

Report report_of(const Break& broken, WallTime now) {
  const auto time = to_rfc3339(now);
  const json text{{"event", kBrokenEvent}, {"problem", broken.message()}, {"time", time}};
  return {severity_of(kBrokenEvent, {}), kBrokenEvent, time, {}, json_text(text)};
}

}  // namespace sallyport
