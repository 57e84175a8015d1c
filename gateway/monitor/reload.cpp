// Runs in: sallyportd (privileged).
#include "gateway/monitor/reload.h"

#include <algorithm>

#include "base/log.h"
#include "gateway/monitor/lifecycle.h"

namespace sallyport {

Guarded guarded_by(const Catalogue& catalogue) {
  Guarded guarded;
  for (const auto& address : catalogue.settings.addresses)
    guarded.services.push_back({address, Transport::tcp, catalogue.settings.ssh_port});
  for (const auto& [name, target] : catalogue.targets)
    guarded.targets.insert(guarded.targets.end(), target.addresses.begin(), target.addresses.end());
  std::sort(guarded.targets.begin(), guarded.targets.end());
  guarded.targets.erase(std::unique(guarded.targets.begin(), guarded.targets.end()), guarded.targets.end());
  return guarded;
}

namespace {

Done refused(Gate& gate, const Problems& problems) {
  nlohmann::json lines = nlohmann::json::array();
  std::string text;
  for (const auto& problem : problems) {
    lines.push_back(problem.message());
    text += (text.empty() ? "" : "; ") + problem.message();
  }
  gate.ledger.note_closing({"config.refused", {{"problems", lines}}});
  return fail("the files in force stay: {}", text);
}

}  // namespace

Done reload(Gate& gate) {
  auto read = load_catalogue(gate.options.config);
  if (!read) return refused(gate, read.error());
  read->settings = gate.catalogue.settings;
  if (auto guarded = gate.firewall.guard(guarded_by(*read)); !guarded) {
    (void)gate.firewall.guard(guarded_by(gate.catalogue));  // what is in force stays so
    return guarded;
  }
  gate.catalogue = *std::move(read);
  const auto& now = gate.catalogue;
  gate.ledger.note_closing(
      {"config.reloaded",
       {{"policies", now.policies.size()}, {"targets", now.targets.size()}, {"reps", now.reps.size()}}});
  return settle(gate);
}

}  // namespace sallyport
