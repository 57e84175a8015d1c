// Report: what is sent of a record, or of a break in the journal, before any protocol gives it its form.
// Pure. Runs in: sallyport-send.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/audit/walk.h"

namespace sallyport {

// RFC 5424, table 2.
enum class Severity : std::uint8_t { critical = 2, error = 3, warning = 4, notice = 5, informational = 6 };

struct Report {
  Severity severity = Severity::informational;
  std::string event;
  std::string time;  // RFC 3339, as the journal has it
  // What others search by: seq, hash, and of these what the record has: grant, session, rep, target, by,
  // peer.
  std::vector<std::pair<std::string, std::string>> names;
  std::string text;  // the journal's line as it stands, so that whoever has all of them can check the chain
};

// The event of a report about a break: no record has it.
inline constexpr const char* kBrokenEvent = "journal.broken";

Result<Report> report_of(const RecordView& record);
Report report_of(const Break& broken, WallTime now);

// The same with a text as the Open Cybersecurity Schema Framework has it (gateway/ocsf) in place of the line.
void translate_to_ocsf(Report& report, const std::string& gate);

// How grave an event is; the whole table is in docs/JOURNAL.md.
Severity severity_of(std::string_view event, const nlohmann::json& fields);

}  // namespace sallyport
