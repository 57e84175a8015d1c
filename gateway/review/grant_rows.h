// GrantRows: the fold of the journal's records into a row a grant. Takes apart only the records that say
// something to it, and keeps only the rows that are asked for. Pure. Runs in: sallyport.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/line_scan.h"
#include "gateway/review/grant_row.h"

namespace sallyport {

struct RowFilter {
  std::string rep, target, ticket, admin, name;  // exactly; empty: any. `name`: a grant's or a session's
  std::string ended;                             // part of the reason of the end
  bool only_with_files = false, only_with_alarms = false, only_with_session = false;
  std::string since, until;  // as the journal writes times; empty: no bound

  bool knows(const GrantRow& row) const;  // what stands at the enabling, and never changes
  bool holds(const GrantRow& row) const;
};

class GrantRows {
 public:
  explicit GrantRows(RowFilter filter) : filter_(std::move(filter)) {}

  // Each record of the walk, in order. The text is looked at first, and taken apart only if it matters.
  Done see(const RecordView& view);
  // The same of one that is taken apart already.
  void take(const Record& record);
  // What the filter holds, oldest first.
  std::vector<const GrantRow*> wanted() const;
  // Alarms that no grant is named in, within the filter's time.
  const std::vector<Alarm>& other_alarms() const noexcept { return other_alarms_; }

 private:
  GrantRow* find(std::string_view line);
  void take_grant(GrantRow& row, const Record& record);
  void enabled(const Record& record);
  void carried(const Record& record);
  GrantRow* add(GrantRow row);
  void link(const GrantRow& row);
  void count_file(const RecordView& view);
  bool in_time(const Record& record) const;

  RowFilter filter_;
  std::map<std::string, GrantRow, std::less<>> rows_;
  std::map<std::string, std::string, std::less<>> grant_of_;  // of each session
  std::vector<std::string> order_;
  std::vector<Alarm> other_alarms_;
};

// The value of a text member that stands in a line of a journal, as it is written there; empty when there is
// none. Only for names of the gate's own, which have no escapes: inside a text every quote has a backslash
// before it, so no text can hold what is looked for here.
std::string_view member_text(std::string_view line, std::string_view key);

}  // namespace sallyport
