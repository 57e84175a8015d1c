// Runs in: sallyport.
#include "gateway/console/audit_commands.h"

#include <fmt/core.h>

#include <deque>
#include <memory>

#include "base/escape.h"
#include "gateway/audit/verify.h"
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

struct VerifyOptions {
  std::string journal;  // a folder or a file; empty: the gate's
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

// The records before a break are good and are shown; that there is a break is said, and is the exit code.
Done walk(ConsoleContext& context, const std::function<void(const Record&)>& each) {
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(context.state)));
  ASSIGN_OR_RETURN(const auto walked, walk_journal(files, [&](const Record& record, const Place&) {
                     each(record);
                     return Done{};
                   }));
  if (!walked.broken) return {};
  return fail("the journal is broken from here on: {}", walked.broken->message());
}

void list(ConsoleContext& context, ListOptions options) {
  if (!options.since.empty()) {
    const auto since = parse_since(options.since, SystemClock{}.wall());
    if (!since) return refuse(context, since.error());
    options.selection.since = *since;
  }
  std::deque<Record> kept;
  const auto walked = walk(context, [&](const Record& record) {
    if (!options.selection.holds(record)) return;
    kept.push_back(record);
    if (options.limit > 0 && kept.size() > options.limit) kept.pop_front();
  });
  if (!walked && kept.empty()) return refuse(context, walked.error());
  print_records(kept, context);
  if (!walked) refuse_the_rest(context, walked.error());
}

void show(ConsoleContext& context, const std::string& name) {
  Story story{name};
  if (auto walked = walk(context, [&](const Record& record) { story.learn(record); });
      !walked && !story.found())
    return refuse(context, walked.error());
  if (!story.found())
    return refuse(
        context,
        Error{fmt::format("the journal knows no grant or session '{}' ('sallyport audit list' shows all)",
                          escape_terminal(name))});
  std::deque<Record> kept;
  const auto walked = walk(context, [&](const Record& record) {
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

json to_json(const Walk& walk, const RecordingsCheck& recordings) {
  json out{{"whole", !walk.broken && recordings.faults.empty()},
           {"records", walk.records},
           {"head", walk.head.hash}};
  if (walk.broken)
    out["broken"] = {
        {"file", walk.broken->file.string()}, {"line", walk.broken->line}, {"reason", walk.broken->reason}};
  if (walk.torn)
    out["torn"] = {
        {"file", walk.torn->file.string()}, {"line", walk.torn->line}, {"bytes", walk.torn->bytes}};
  auto faults = json::array();
  for (const auto& fault : recordings.faults)
    faults.push_back({{"session", fault.session}, {"path", fault.path}, {"problem", fault.problem}});
  out["recordings"] = {{"checked", recordings.checked}, {"faults", faults}};
  return out;
}

void tell(const Walk& walk, const RecordingsCheck& recordings) {
  if (walk.broken) print(fmt::format("BROKEN  {}\n", escape_terminal(walk.broken->message())));
  print(
      fmt::format("{} records{}, head {}\n", walk.records, walk.broken ? " before it" : "", walk.head.hash));
  if (walk.torn)
    print(
        fmt::format("note: {} line {} is not complete: the gate is writing it, or lost power while it did\n",
                    escape_terminal(walk.torn->file.string()), walk.torn->line));
  for (const auto& fault : recordings.faults)
    print(fmt::format("BROKEN  recording {} of {}: {}\n", escape_terminal(fault.path),
                      escape_terminal(fault.session), escape_terminal(fault.problem)));
  print(fmt::format("{} recordings checked, {} faults\n", recordings.checked, recordings.faults.size()));
  if (!walk.broken && recordings.faults.empty()) print("whole\n");
}

// Recordings lie beside the journal's folder: so too for a copy, if it has them.
std::filesystem::path state_beside(const std::filesystem::path& journal, const ConsoleContext& context) {
  std::error_code ignored;
  auto folder = std::filesystem::absolute(journal, ignored).lexically_normal();
  if (!std::filesystem::is_directory(folder, ignored) || folder.filename().empty())
    folder = folder.parent_path();
  const auto state = folder.parent_path();
  return std::filesystem::exists(state / "recordings", ignored) ? state : context.state;
}

void verify(ConsoleContext& context, const VerifyOptions& options) {
  const auto journal =
      options.journal.empty() ? journal_folder(context.state) : std::filesystem::path{options.journal};
  const auto state = options.journal.empty() ? context.state : state_beside(journal, context);
  const auto walk = verify_journal(journal);
  if (!walk) return refuse(context, walk.error());
  const auto recordings = verify_recordings(journal, state);
  if (!recordings) return refuse(context, recordings.error());
  if (context.json)
    print_json(to_json(*walk, *recordings));
  else
    tell(*walk, *recordings);
  if (walk->broken || !recordings->faults.empty()) context.exit_code = exit_code::refused;
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

void add_verify(const Command& audit, ConsoleContext& context) {
  const auto command =
      audit.subcommand("verify", "Check every record and every recording; exit 1 if one is broken");
  auto options = std::make_shared<VerifyOptions>();
  command.option("--journal", options->journal, "A copy of the journal: its folder, or one file");
  command.footer("Example: sallyport audit verify --journal /media/copy/journal");
  command.runs([&context, options] { verify(context, *options); });
}

}  // namespace

void add_audit_commands(const Command& app, ConsoleContext& context) {
  const auto audit = app.subcommand("audit", "What happened: the journal and its recordings");
  audit.heading(group::review);
  audit.footer("Example:\n  sallyport audit verify");
  audit.needs_subcommand();
  add_list(audit, context);
  add_show(audit, context);
  add_verify(audit, context);
}

}  // namespace sallyport
