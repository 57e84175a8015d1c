// audit sending: how far the journal has been sent on. Runs in: sallyport.
#include "base/advice.h"
#include "base/escape.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/console/sending.h"
#include "gateway/console/table.h"
#include "policies/catalogue.h"

namespace sallyport {

namespace {

using nlohmann::json;

json to_json(const Sending& sending, WallTime now) {
  const auto& delivery = sending.delivery;
  json object{{"name", sending.destination.name},
              {"to", sending.destination.to},
              {"seq", delivery.position ? delivery.position->seq : 0},
              {"head", sending.head},
              {"waiting", sending.waiting},
              {"late", is_late(sending, now)}};
  if (sending.oldest) object["oldest"] = to_rfc3339(*sending.oldest);
  if (!delivery.problem.empty()) {
    object["problem"] = split_advice(delivery.problem).problem;
    object["since"] = delivery.since;
  }
  if (in_trouble(sending, now)) object["fix"] = remedy(sending);
  return object;
}

Color color_of(const Sending& sending, WallTime now) {
  if (is_late(sending, now)) return Color::bad;
  return sending.delivery.problem.empty() ? Color::none : Color::warning;
}

Result<std::vector<Sending>> look(const ConsoleContext& context) {
  const auto settings = load_settings(context.config);
  if (!settings) return fail("{}", settings.error().front().message());
  if (settings->destinations.empty()) return std::vector<Sending>{};
  return look_at_sending(context, settings->destinations);
}

void show(ConsoleContext& context) {
  const auto found = look(context);
  if (!found) return refuse(context, found.error());
  const auto now = SystemClock{}.wall();
  json list = json::array();
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
