// Runs in: sallyportd (privileged).
#include "gateway/monitor/reload.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "gateway/monitor/closed_table.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/stored_secret.h"

namespace sallyport {

namespace {

// A forwarded port of any policy: closed at the gate whichever grant comes, or none.
std::set<std::pair<Transport, Port>> ports_of(const Catalogue& catalogue) {
  std::set<std::pair<Transport, Port>> ports{{Transport::tcp, catalogue.settings.ssh_port}};
  if (const auto& door = catalogue.settings.https) ports.emplace(Transport::tcp, door->port);
  for (const auto& [name, policy] : catalogue.policies)
    for (const auto& service : policy.services)
      if (service.carriage == Carriage::forward)
        for (const auto transport : service.transports) ports.emplace(transport, service.port);
  return ports;
}

std::vector<Address> addresses_of(const Target& target) {
  auto addresses = target.addresses;
  for (const auto& system : target.managed_systems)
    addresses.insert(addresses.end(), system.addresses.begin(), system.addresses.end());
  return addresses;
}

}  // namespace

Guarded guarded_by(const Catalogue& catalogue) {
  Guarded guarded;
  guarded.transit = catalogue.settings.transit;
  for (const auto& address : catalogue.settings.addresses)
    for (const auto& [transport, port] : ports_of(catalogue))
      guarded.services.push_back({address, transport, port});
  std::set<Address> targets;
  for (const auto& [name, target] : catalogue.targets)
    for (const auto& address : addresses_of(target)) targets.insert(address);
  guarded.targets.assign(targets.begin(), targets.end());
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

// What the deny side no longer covers is not cut off when a session ends: a running one keeps its target.
Problems lost_by_running_sessions(const Gate& gate, const Guarded& guarded) {
  Problems problems;
  for (const auto& [id, session] : gate.sessions) {
    const auto target = gate.catalogue.targets.find(gate.ledger.find(id.value())->target);
    if (target == gate.catalogue.targets.end()) continue;
    for (const auto& address : addresses_of(target->second))
      if (!std::binary_search(guarded.targets.begin(), guarded.targets.end(), address))
        problems.push_back({gate.options.config / "targets" / (target->first + ".toml"), 0,
                            fmt::format("address {} is gone, and session {} is running there (wait, or run: "
                                        "sallyport end {})",
                                        address.text(), session.name, session.name)});
  }
  return problems;
}

// Good for the next start, with the sallyport.toml that is there, and good for the settings in force.
tl::expected<Catalogue, Problems> read_again(const Gate& gate) {
  const auto next = load_catalogue(gate.options.config);
  if (!next) return next;
  return load_catalogue(gate.options.config, &gate.catalogue.settings);
}

}  // namespace

Done load_certificate(Gate& gate) {
  const auto& settings = gate.catalogue.settings;
  if (!settings.https) return {};
  const auto folder = gate.options.state / "https";
  ASSIGN_OR_RETURN(auto loaded, DoorCertificate::load(settings, folder, gate.clock.wall()));
  if (loaded.is_new) {
    RETURN_IF_ERROR(gate.ledger.note({"https.certificate_made", {{"certificate", loaded.fingerprint}}}));
    RETURN_IF_ERROR(loaded.store(folder));
  }
  gate.certificate = std::move(loaded);
  return {};
}

Done reload(Gate& gate) {
  auto read = read_again(gate);
  if (!read) return refused(gate, read.error());
  if (auto loaded = load_certificate(gate); !loaded)
    return refused(gate, {{gate.options.config / "sallyport.toml", 0, loaded.error().message()}});
  if (const auto lost = lost_by_running_sessions(gate, guarded_by(*read)); !lost.empty())
    return refused(gate, lost);
  if (auto guarded = gate.firewall.guard(guarded_by(*read)); !guarded) {
    (void)gate.firewall.guard(guarded_by(gate.catalogue));  // what is in force stays so
    return guarded;
  }
  gate.catalogue = *std::move(read);
  if (auto stored = store_closed_table(gate.options.state, gate.catalogue); !stored)
    log_error("the next boot would load an older deny side: {}", stored.error().message());
  seal_stored_secrets(gate);  // whoever reads that the reload is done finds no secret as it was
  const auto& now = gate.catalogue;
  gate.ledger.note_closing(
      {"config.reloaded",
       {{"policies", now.policies.size()}, {"targets", now.targets.size()}, {"reps", now.reps.size()}}});
  return settle(gate);
}

}  // namespace sallyport
