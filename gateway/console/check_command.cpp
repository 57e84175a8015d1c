// check: reads all of /etc/sallyport as the gate would, without the gate. Runs in: sallyport.
#include "gateway/console/commands.h"
#include "gateway/console/output.h"
#include "gateway/console/problem_report.h"
#include "gateway/console/table.h"
#include "policies/catalogue.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

std::string metrics_text(const std::optional<MetricsSettings>& metrics) {
  if (!metrics) return "none";
  return metrics->socket.empty() ? metrics->loopback.text() : metrics->socket.string();
}

template <class Map>
Json names_json(const Map& map) {
  Json names = Json::array();
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

Json destinations_json(const Settings& settings) {
  Json names = Json::array();
  for (const auto& destination : settings.destinations) names.push_back(destination.name);
  return names;
}

std::string destinations_in(const Settings& settings) {
  std::string line;
  for (const auto& destination : settings.destinations)
    line += fmt::format("{}{} ({})", line.empty() ? "" : ", ", destination.name, destination.to);
  return line.empty() ? "" : fmt::format("send to   {}\n", line);
}

void print_found(const ConsoleContext& context, const Catalogue& catalogue) {
  if (context.json)
    return print_json({{"problems", Json::array()},
                       {"gate", catalogue.settings.gate_name},
                       {"policies", names_json(catalogue.policies)},
                       {"targets", names_json(catalogue.targets)},
                       {"reps", names_json(catalogue.reps)},
                       {"metrics", metrics_text(catalogue.settings.metrics)},
                       {"send", destinations_json(catalogue.settings)}});
  std::string addresses;
  for (const auto& address : catalogue.settings.addresses)
    addresses += (addresses.empty() ? "" : ", ") + address.text();
  const auto& door = catalogue.settings.https;
  print(fmt::format("gate      {} on {}, port {}{}\n", catalogue.settings.gate_name, addresses,
                    catalogue.settings.ssh_port.value(),
                    door ? fmt::format(", HTTPS on port {}", door->port.value()) : ""));
  print(fmt::format("policies  {}\ntargets   {}\nreps      {}\n", names_in(catalogue.policies),
                    names_in(catalogue.targets), names_in(catalogue.reps)));
  print(fmt::format("metrics   {}\n", metrics_text(catalogue.settings.metrics)));
  print(destinations_in(catalogue.settings));
  print(painted("no problems", Color::good, context.color) + "\n");
}

}  // namespace

void add_check_command(const Command& app, ConsoleContext& context) {
  const auto command =
      app.subcommand("check", "Check config, policies, targets and reps; names file and line")
          .heading(group::setup);
  command.footer(
      "Example:\n  sallyport check && systemctl reload sallyportd\nRun it as root: secrets are root's "
      "alone. A change of sallyport.toml itself needs a restart of sallyportd.");
  command.runs([&context] {
    const auto catalogue = load_catalogue(context.config);
    if (catalogue)
      print_found(context, *catalogue);
    else
      report_problems(context, catalogue.error(), "the gate refuses these files as a whole");
  });
}

}  // namespace sallyport
