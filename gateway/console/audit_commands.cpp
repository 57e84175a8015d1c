// Runs in: sallyport.
#include "gateway/console/audit_commands.h"

#include <fmt/core.h>

#include <deque>
#include <memory>

#include "base/escape.h"
#include "gateway/audit/verify.h"
#include "gateway/console/audit_proof_commands.h"
#include "gateway/console/audit_selection.h"
#include "gateway/console/commands.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"

namespace sallyport {

namespace {

using nlohmann::json;

struct ListOptions {
  Selection selection;
  std::string since;
  std::size_t limit = 0;  // 0: all
};

// A table line; the time to the second, in UTC as the journal has it.
std::string table_line(const Record& record) {
  auto time = to_rfc3339(record.time).substr(0, 19);
  time[10] = ' ';
  return fmt::format("{}Z  {:<22}  {}\n", time, escape_terminal(record.event), describe(record));
}

void print_records(const std::deque<Record>& records, const ConsoleContext& context) {
  if (context.json) {
    auto list = json::array();
    for (const auto& record : records) list.push_back(to_json(record));
    return print_json(list);
  }
  for (const auto& record : records) print(table_line(record));
}

// What a selection can be told from without taking the record apart.
bool may_hold(const Selection& selection, const RecordView& view) {
  const auto& event = selection.event;
  if (!event.empty() && view.event.substr(0, event.size()) != event) return false;
  return (selection.session.empty() || view.line.find(selection.session) != view.line.npos) &&
         (selection.grant.empty() || view.line.find(selection.grant) != view.line.npos);
}

// Sound records behind a break are shown too; that there is one is said, and is the exit code.
Done walk(ConsoleContext& context, const std::function<bool(const RecordView&)>& may_matter,
          const std::function<void(const Record&)>& each, const std::optional<WallTime>& since = {}) {
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(context.state)));
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    if (!may_matter(view)) return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    each(record);
    return {};
  };
  ASSIGN_OR_RETURN(const auto start, since ? start_after(files, *since) : WalkStart{});
  ASSIGN_OR_RETURN(const auto walked, walk_records(files, visit, start));
  if (!walked.broken) return {};
  return fail("the journal is broken: {}", walked.broken->message());
}

void list(ConsoleContext& context, ListOptions options) {
  if (!options.since.empty()) {
    const auto since = parse_since(options.since, SystemClock{}.wall());
    if (!since) return refuse(context, since.error());
    options.selection.since = *since;
  }
  std::deque<Record> kept;
  const auto& selection = options.selection;
  const auto since = selection.since ? to_rfc3339(*selection.since) : std::string{};
  const auto walked = walk(
      context, [&](const RecordView& view) { return view.time >= since && may_hold(selection, view); },
      [&](const Record& record) {
        if (!selection.holds(record)) return;
        kept.push_back(record);
        if (options.limit > 0 && kept.size() > options.limit) kept.pop_front();
      },
      selection.since);
  if (!walked && kept.empty()) return refuse(context, walked.error());
  print_records(kept, context);
  if (!walked) refuse_the_rest(context, walked.error());
}

void show(ConsoleContext& context, const std::string& name) {
  Story story{name};
  const auto names_it = [&](const RecordView& view) { return view.line.find(name) != view.line.npos; };
  if (auto walked = walk(context, names_it, [&](const Record& record) { story.learn(record); });
      !walked && !story.found())
    return refuse(context, walked.error());
  if (!story.found())
    return refuse(
        context,
        Error{fmt::format("the journal knows no grant or session '{}' ('sallyport audit list' shows all)",
                          escape_terminal(name))});
  std::deque<Record> kept;
  const auto walked = walk(
      context, [&](const RecordView& view) { return story.may_hold(view.line); },
      [&](const Record& record) {
        if (story.holds(record)) kept.push_back(record);
      });
  print_records(kept, context);
  if (!walked) return refuse_the_rest(context, walked.error());
  if (context.json) return;
  for (const auto& record : kept)
    if (record.event == "recording.closed")
      print(fmt::format("replay: sallyport replay {} {}\n", escape_terminal(text_field(record, "session")),
                        json_text(record.fields.value("channel", json{}))));
}

void add_list(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand("list", "The records of the journal, oldest first");
  auto options = std::make_shared<ListOptions>();  // shared with the command's body
  command.option("--since", options->since, "2h, 2026-03-01 or 2026-03-01T10:20:30Z (UTC)");
  command.option("--session", options->selection.session, "Only this session's");
  command.option("--grant", options->selection.grant, "Only this grant's");
  command.option("--event", options->selection.event,
                 "Only this event, e.g. grant.claimed, or family, e.g. login");
  command.option("--limit", options->limit, "Only the last so many");
  command.footer("Example: sallyport audit list --since 1d --event login");
  command.runs([&context, options] { list(context, *options); });
}

void add_show(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand("show", "The story of one grant or session, in order");
  auto name = std::make_shared<std::string>();
  command.option("name", *name, "A grant (g-…) or session (s-…)").required();
  command.footer("Example: sallyport audit show s-4f8w2c6n");
  command.runs([&context, name] { show(context, *name); });
}

}  // namespace

void add_audit_commands(const Command& app, ConsoleContext& context) {
  const auto audit = app.subcommand("audit", "What happened: the journal and its recordings");
  audit.heading(group::review);
  audit.footer("Example:\n  sallyport audit verify");
  audit.needs_subcommand();
  add_list(audit, context);
  add_show(audit, context);
  add_verify_command(audit, context);
  add_proof_commands(audit, context);
}

}  // namespace sallyport
