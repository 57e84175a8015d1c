// Runs in: sallyport.
#include "gateway/console/audit_commands.h"

#include <fmt/core.h>

#include <deque>
#include <memory>
#include <utility>

#include "base/escape.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/console/audit_proof_commands.h"
#include "gateway/console/audit_reading.h"
#include "gateway/console/commands.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/ocsf/ocsf.h"
#include "gateway/review/selection.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

using nlohmann::json;

constexpr std::size_t kPiece = 64 * 1024;

struct RecordOptions {
  Selection selection;
  TimeOptions time;
  std::size_t limit = 0;  // 0: all
  bool as_ocsf = false;
};

// A table line; the time to the second, in UTC as the journal has it.
std::string table_line(const Record& record) {
  auto time = to_rfc3339(record.time).substr(0, 19);
  time[10] = ' ';
  return fmt::format("{}Z  {:<22}  {}\n", time, escape_terminal(record.event), describe(record));
}

// The gate that wrote the journal, by the name of the key that signs its heads.
OcsfSource ocsf_source(const ConsoleContext& context) {
  const auto verifier = read_verifier(head_verifier_file(context.state));
  const auto name = verifier ? verifier->name() : std::string{"sallyport"};
  return {name.substr(0, name.find('/')), kVersion};
}

// As they come, so that a journal of any length can be listed.
class RecordPrinter {
 public:
  explicit RecordPrinter(const ConsoleContext& context) : json_(context.json) {}
  void as_ocsf(OcsfSource source) { ocsf_ = std::move(source); }
  void add(const Record& record) {
    if (json_) text_ += any_ ? ",\n" : "[\n";
    text_ += json_ || ocsf_ ? json_text(object(record)) : table_line(record);
    if (ocsf_ && !json_) text_ += "\n";
    any_ = true;
    if (text_.size() > kPiece) print(std::exchange(text_, {}));
  }
  bool any() const noexcept { return any_; }
  void finish() {
    if (json_) text_ += any_ ? "\n]\n" : "[]\n";
    print(text_);
  }

 private:
  json object(const Record& record) const {
    return ocsf_ ? to_ocsf(to_json(record), *ocsf_) : to_json(record);
  }
  bool json_, any_ = false;
  std::optional<OcsfSource> ocsf_;
  std::string text_;
};

// What a selection can be told from without taking the record apart.
bool may_hold(const Selection& selection, const RecordView& view) {
  const auto& event = selection.event;
  if (!event.empty() && view.event.substr(0, event.size()) != event) return false;
  return (selection.session.empty() || view.line.find(selection.session) != view.line.npos) &&
         (selection.grant.empty() || view.line.find(selection.grant) != view.line.npos);
}

// The records that may matter, taken apart.
Done walk(const ConsoleContext& context, const std::function<bool(const RecordView&)>& may_matter,
          const std::function<void(const Record&)>& each, const std::optional<WallTime>& since = {}) {
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    if (!may_matter(view)) return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    each(record);
    return {};
  };
  return read_journal(context, visit, since);
}

void list_records(ConsoleContext& context, RecordOptions options) {
  auto& selection = options.selection;
  const auto first = options.time.first(), last = options.time.last();
  if (!first || !last) return refuse(context, first ? last.error() : first.error());
  selection.since = *first;
  selection.until = *last;
  std::deque<Record> kept;  // of a limit; without one each is printed at once
  RecordPrinter printer{context};
  if (options.as_ocsf) printer.as_ocsf(ocsf_source(context));
  const auto since = selection.since ? to_rfc3339(*selection.since) : std::string{};
  const auto walked = walk(
      context, [&](const RecordView& view) { return view.time >= since && may_hold(selection, view); },
      [&](const Record& record) {
        if (!selection.holds(record)) return;
        if (options.limit == 0) return printer.add(record);
        kept.push_back(record);
        if (kept.size() > options.limit) kept.pop_front();
      },
      selection.since);
  for (const auto& record : kept) printer.add(record);
  if (!walked && !printer.any()) return refuse(context, walked.error());
  printer.finish();
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
  RecordPrinter printer{context};
  for (const auto& record : kept) printer.add(record);
  printer.finish();
  if (!walked) return refuse_the_rest(context, walked.error());
  if (context.json) return;
  for (const auto& record : kept)
    if (record.event == "recording.closed")
      print(fmt::format("replay: sallyport replay {} {}\n", escape_terminal(text_field(record, "session")),
                        json_text(record.fields.value("channel", json{}))));
}

void add_records(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand("records", "The records of the journal, oldest first");
  auto options = std::make_shared<RecordOptions>();  // shared with the command's body
  options->time.add_to(command);
  command.option("--session", options->selection.session, "Only this session's");
  command.option("--grant", options->selection.grant, "Only this grant's");
  command.option("--event", options->selection.event,
                 "Only this event, e.g. grant.claimed, or family, e.g. login");
  command.option("--limit", options->limit, "Only the last so many");
  command.flag("--ocsf", options->as_ocsf, "As events of OCSF, one JSON object a line, for a SIEM");
  command.footer("Example: sallyport audit records --since 1d --event login");
  command.runs([&context, options] { list_records(context, *options); });
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
  add_list_command(audit, context);
  add_show(audit, context);
  add_records(audit, context);
  add_grep_command(audit, context);
  add_report_command(audit, context);
  add_verify_command(audit, context);
  add_proof_commands(audit, context);
  add_bundle_commands(audit, context);
  add_sending_command(audit, context);
  add_keep_command(audit, context);
  add_schema_command(audit, context);
}

}  // namespace sallyport
