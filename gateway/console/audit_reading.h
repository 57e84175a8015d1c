// How the audit commands read the journal: sound records behind a break are shown too; that there is one is
// said, and is the exit code. Runs in: sallyport.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/audit/walk.h"
#include "gateway/console/command_line.h"
#include "gateway/console/context.h"
#include "gateway/review/grant_rows.h"

namespace sallyport {

// Every record of the gate's journal from `since` on, and some before it. An Error says that the journal is
// broken, after all was seen, or cannot be read.
Done read_journal(const ConsoleContext& context, const ViewVisit& visit,
                  const std::optional<WallTime>& since = {});

// --since and --until as they were typed.
struct TimeOptions {
  std::string since, until;

  void add_to(const Command& command);
  Result<std::optional<WallTime>> first() const;
  Result<std::optional<WallTime>> last() const;
};

// --rep, --target, … as they were typed.
struct RowOptions {
  RowFilter filter;
  TimeOptions time;

  void add_to(const Command& command);
};

// The rows that are asked for, and the fold they stand in. `broken` is told, not returned: the rows are good.
struct FoundRows {
  GrantRows fold;
  std::optional<Error> broken;
};
Result<FoundRows> find_rows(const ConsoleContext& context, const RowOptions& options);

}  // namespace sallyport
