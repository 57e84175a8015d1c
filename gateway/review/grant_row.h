// GrantRow: all that a reviewer asks about one grant and the session that it admitted, gathered from the
// journal's records. Pure. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/record.h"

namespace sallyport {

struct Alarm {
  std::string time, text;  // time as the journal has it
};

struct RecordingName {
  std::uint64_t channel = 0;
  std::string path;  // relative to the state folder
};

struct FileCount {
  std::uint64_t count = 0, bytes = 0;
};

struct GrantRow {
  std::string grant, rep, target, admin, ticket, reason, enabled_at;
  std::string state = "armed";  // as the console names a grant's states
  // Of the last login that was let in; empty: nobody was.
  std::string session, peer, began;
  std::string ended, end_reason, ended_by;  // of the session, else of the grant
  std::uint64_t failed_logins = 0, refused_files = 0;
  FileCount to_target, from_target;
  std::vector<Alarm> alarms;
  std::vector<RecordingName> recordings;

  bool is_over() const { return state != "armed" && state != "active" && state != "locked"; }
  bool had_files() const { return to_target.count + from_target.count > 0; }
};

nlohmann::json to_json(const GrantRow& row);

}  // namespace sallyport
