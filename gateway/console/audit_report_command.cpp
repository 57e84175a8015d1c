// audit report: the monthly review, as text, JSON or one HTML file. Runs in: sallyport.
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "base/file.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/audit_proof_commands.h"
#include "gateway/console/audit_reading.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/console/table.h"
#include "gateway/review/month_report.h"

namespace sallyport {

namespace {

struct ReportOptions {
  std::string month, out;
  bool as_html = false, unverified = false;
};

RecordsState state_of(const Verdict& verdict) {
  const auto& [walk, recordings] = verdict.records;
  RecordsState state{true, verdict.is_whole(), walk.records, recordings.checked, verdict.heads.checked, {}};
  for (const auto& damage : walk.breaks)
    state.problems.push_back(damage.message() + (damage.acknowledged_by.empty()
                                                     ? ""
                                                     : ", acknowledged by " + damage.acknowledged_by));
  if (walk.broken_lines > walk.breaks.size())
    state.problems.push_back(fmt::format("and {} more lines", walk.broken_lines - walk.breaks.size()));
  for (const auto& fault : recordings.faults)
    state.problems.push_back(fmt::format("recording {} of {}: {}", fault.path, fault.session, fault.problem));
  if (!verdict.heads.problem.empty()) state.problems.push_back("the journal was " + verdict.heads.problem);
  return state;
}

std::string text_of(const MonthReport& report, bool color) {
  Table facts{{"", ""}, color};
  for (const auto& [what, value] : report.facts())
    if (!value.empty()) facts.add({what, value});
  auto text = facts.text();
  text.erase(0, text.find('\n') + 1);  // headings without a word
  for (const auto& section : report.sections()) {
    Table table{section.headings, color};
    for (const auto& row : section.rows) table.add({row.begin(), row.end()});
    text += "\n" + painted(section.title, Color::strong, color) + "\n" + table.text();
  }
  return text;
}

Done hand_out(const ConsoleContext& context, const ReportOptions& options, const MonthReport& report) {
  auto text = options.as_html ? report.html()
              : context.json  ? json_text(report.json(), 2) + "\n"
                              : text_of(report, context.color && options.out.empty());
  if (!options.out.empty()) return replace_file(std::filesystem::absolute(options.out), text, 0600);
  print(text);
  return {};
}

Done report(ConsoleContext& context, const ReportOptions& options) {
  ASSIGN_OR_RETURN(auto month, Month::parse(options.month));
  ASSIGN_OR_RETURN(const auto first, from_rfc3339(month.first));
  MonthReport report{std::move(month)};
  const auto read = read_journal(
      context, [&](const RecordView& view, const Place&) { return report.see(view); }, first);
  if (!options.unverified) {
    ASSIGN_OR_RETURN(const auto verdict, verify_gate(context));
    report.set_state(state_of(verdict));
  }
  RETURN_IF_ERROR(hand_out(context, options, report));
  if (!read) refuse_the_rest(context, read.error());
  return {};
}

}  // namespace

void add_report_command(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand("report", "A month for the security team's review");
  auto options = std::make_shared<ReportOptions>();  // shared with the command's body
  command.option("--month", options->month, "e.g. 2026-11 (UTC)").required();
  command.flag("--html", options->as_html, "One HTML file that needs nothing else");
  command.option("--out", options->out, "Into this file instead of standard output");
  command.flag("--unverified", options->unverified, "Leave out the check of all records and recordings");
  command.footer("Example: sallyport audit report --month 2026-11 --html --out 2026-11.html");
  command.runs([&context, options] {
    if (auto done = report(context, *options); !done) refuse(context, done.error());
  });
}

}  // namespace sallyport
