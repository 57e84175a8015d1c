// audit list: who was in, who let them in, how it ended. Runs in: sallyport.
#include <fmt/core.h>

#include <memory>

#include "base/duration.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/audit_reading.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

constexpr std::size_t kShownOfEnd = 60;

// "2026-03-01 10:01:50", in UTC as the journal has it.
std::string to_second(const std::string& time) {
  auto shown = time.substr(0, 19);
  if (shown.size() == 19) shown[10] = ' ';
  return shown;
}

std::string lasted(const GrantRow& row) {
  const auto began = from_rfc3339(row.began), ended = from_rfc3339(row.ended);
  if (!began || !ended || *ended < *began) return {};
  return to_text(std::chrono::duration_cast<std::chrono::seconds>(*ended - *began));
}

std::string files_of(const GrantRow& row) {
  std::string text;
  if (row.to_target.count > 0)
    text = fmt::format("{} in, {}", row.to_target.count, size_text(row.to_target.bytes));
  if (row.from_target.count > 0)
    text += fmt::format("{}{} out, {}", text.empty() ? "" : "; ", row.from_target.count,
                        size_text(row.from_target.bytes));
  return text;
}

// Text columns are never cut where it would hide an alarm; only the reason may be long.
std::string shortened(const std::string& text) {
  if (text.size() <= kShownOfEnd) return text;
  auto end = kShownOfEnd;
  while (end > 0 && (text[end] & '\xc0') == '\x80') --end;
  return text.substr(0, end) + "…";
}

std::vector<Table::Cell> cells(const GrantRow& row) {
  const auto state = row.is_over() ? Color::none : Color::good;
  const auto alarms = row.alarms.empty() ? std::string{} : std::to_string(row.alarms.size());
  return {row.grant,
          row.session,
          row.rep,
          row.target,
          row.admin,
          row.ticket,
          to_second(row.began.empty() ? row.enabled_at : row.began),
          lasted(row),
          {row.state, state},
          shortened(row.end_reason),
          files_of(row),
          row.failed_logins == 0 ? std::string{} : std::to_string(row.failed_logins),
          {alarms, Color::bad}};
}

void print_rows(const std::vector<const GrantRow*>& rows, const ConsoleContext& context) {
  if (context.json) {
    // One by one: a journal may hold many more than memory should.
    for (const auto* row : rows) print((row == rows.front() ? "[\n" : ",\n") + json_text(to_json(*row)));
    return print(rows.empty() ? "[]\n" : "\n]\n");
  }
  Table table{{"GRANT", "SESSION", "REP", "TARGET", "ENABLED BY", "TICKET", "BEGAN (UTC)", "LASTED", "STATE",
               "END", "FILES", "REFUSED LOGINS", "ALARMS"},
              context.color};
  for (const auto* row : rows) table.add(cells(*row));
  print(rows.empty() ? "nothing of the kind\n" : table.text());
}

struct ListOptions {
  RowOptions rows;
  std::size_t limit = 0;
};

void list(ConsoleContext& context, const ListOptions& options) {
  const auto found = find_rows(context, options.rows);
  if (!found) return refuse(context, found.error());
  auto rows = found->fold.wanted();
  if (found->broken && rows.empty()) return refuse(context, *found->broken);
  if (options.limit > 0 && rows.size() > options.limit)
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(options.limit));
  print_rows(rows, context);
  if (found->broken) refuse_the_rest(context, *found->broken);
}

}  // namespace

void add_list_command(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand("list", "The grants and their sessions, oldest first");
  auto options = std::make_shared<ListOptions>();  // shared with the command's body
  auto& filter = options->rows.filter;
  options->rows.add_to(command);
  command.option("--ended", filter.ended, "Only those whose reason of the end has this in it");
  command.flag("--sessions", filter.only_with_session, "Only those that somebody was let in by");
  command.flag("--files", filter.only_with_files, "Only those in which files went either way");
  command.flag("--alarms", filter.only_with_alarms, "Only those that somebody should look at");
  command.option("--limit", options->limit, "Only the last so many");
  command.footer("Example: sallyport audit list --since 30d --rep kim --files");
  command.runs([&context, options] { list(context, *options); });
}

}  // namespace sallyport
