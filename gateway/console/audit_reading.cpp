// Runs in: sallyport.
#include "gateway/console/audit_reading.h"

#include "gateway/review/selection.h"

namespace sallyport {

Done read_journal(const ConsoleContext& context, const ViewVisit& visit,
                  const std::optional<WallTime>& since) {
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(context.state)));
  ASSIGN_OR_RETURN(auto start, since ? start_after(files, *since) : WalkStart{});
  start.without_tree = true;
  ASSIGN_OR_RETURN(const auto walked, walk_records(files, visit, start));
  if (!walked.broken) return {};
  return fail("the journal is broken: {}", walked.broken->message());
}

void TimeOptions::add_to(const Command& command) {
  command.option("--since", since, "2h, 2026-03-01 or 2026-03-01T10:20:30Z (UTC)");
  command.option("--until", until, "The same; a day to its end");
}

Result<std::optional<WallTime>> TimeOptions::first() const {
  if (since.empty()) return std::optional<WallTime>{};
  ASSIGN_OR_RETURN(const auto time, parse_since(since, SystemClock{}.wall()));
  return std::optional{time};
}

Result<std::optional<WallTime>> TimeOptions::last() const {
  if (until.empty()) return std::optional<WallTime>{};
  ASSIGN_OR_RETURN(const auto time, parse_until(until, SystemClock{}.wall()));
  return std::optional{time};
}

void RowOptions::add_to(const Command& command) {
  command.option("--rep", filter.rep, "Only this rep's");
  command.option("--target", filter.target, "Only those to this target");
  command.option("--admin", filter.admin, "Only those that this person enabled");
  command.option("--ticket", filter.ticket, "Only those with this ticket");
  time.add_to(command);
}

Result<FoundRows> find_rows(const ConsoleContext& context, const RowOptions& options) {
  auto filter = options.filter;
  ASSIGN_OR_RETURN(const auto first, options.time.first());
  ASSIGN_OR_RETURN(const auto last, options.time.last());
  if (first) filter.since = to_rfc3339(*first);
  if (last) filter.until = to_rfc3339(*last);
  FoundRows found{GrantRows{std::move(filter)}, {}};
  const auto read = read_journal(
      context, [&](const RecordView& view, const Place&) { return found.fold.see(view); }, first);
  if (!read) found.broken = read.error();
  return found;
}

}  // namespace sallyport
