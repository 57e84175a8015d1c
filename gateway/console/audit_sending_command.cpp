// audit sending: how far the journal has been sent on. Runs in: sallyport.
#include "base/escape.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/console/sending.h"

namespace sallyport {

namespace {

Result<std::vector<Sending>> look(const ConsoleContext& context) {
  ASSIGN_OR_RETURN(const auto destinations, destinations_of(context));
  if (destinations.empty()) return std::vector<Sending>{};
  return look_at_sending(context, destinations);
}

void show(ConsoleContext& context) {
  const auto found = look(context);
  if (!found) return refuse(context, found.error());
  const auto now = SystemClock{}.wall();
  auto list = nlohmann::json::array();
  Table table{{"NAME", "TO", "STATE"}, context.color};
  std::string to_do;
  for (const auto& sending : *found) {
    list.push_back(to_json(sending, now));
    table.add(
        {sending.destination.name, sending.destination.to, {sentence(sending, now), color_of(sending, now)}});
    if (in_trouble(sending, now))
      to_do += fmt::format("{}, to do: {}\n", sending.destination.name, escape_terminal(remedy(sending)));
  }
  if (context.json) return print_json({{"destinations", list}});
  print(table.empty() ? "nothing is sent on: there is no [[send]] in sallyport.toml (sallyport.toml(5))\n"
                      : table.text() + to_do);
}

}  // namespace

void add_sending_command(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand("sending", "How far the journal has been sent on to each [[send]]");
  command.footer("Example: sallyport audit sending --json");
  command.runs([&context] { show(context); });
}

}  // namespace sallyport
