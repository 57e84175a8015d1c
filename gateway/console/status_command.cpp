// status: what the gate is doing now. Runs in: sallyport.
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/sending.h"
#include "gateway/console/status_text.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using nlohmann::json;

// Without the journal, which an admin may not read, and which takes its time.
Result<std::vector<Sending>> noted(const ConsoleContext& context) {
  ASSIGN_OR_RETURN(const auto destinations, destinations_of(context));
  return noted_sending(context, destinations);
}

void add_sending(json& status, const Result<std::vector<Sending>>& sending, WallTime now) {
  if (!sending) {
    status["sending_problem"] = sending.error().message();
    return;
  }
  auto list = json::array();
  for (const auto& one : *sending) list.push_back(to_json(one, now));
  status["sending"] = list;
}

Done show(ConsoleContext& context) {
  // First, so that what was sent is not ahead of what the gate tells of its journal.
  auto sending = noted(context);
  ASSIGN_OR_RETURN(auto status, ask(context, {{"ask", "status"}}));
  const auto& journal = member(status, "journal");
  if (sending)
    for (auto& one : *sending) hold_against(one, {number_of(journal, "seq"), text_of(journal, "hash")});
  const auto now = SystemClock{}.wall();
  if (!context.json) {
    print(status_text(status, sending, context.color, now));
    return {};
  }
  add_sending(status, sending, now);
  print_json(status);
  return {};
}

}  // namespace

void add_status_command(const Command& app, ConsoleContext& context) {
  const auto command = app.subcommand("status", "What the gate is doing now").heading(group::sessions);
  command.footer("Example:\n  sallyport status --json");
  command.runs([&context] { run_command(context, [&] { return show(context); }); });
}

}  // namespace sallyport
