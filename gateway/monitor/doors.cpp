// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/doors.h"

#include <algorithm>

#include "base/log.h"

namespace sallyport {

EntryPorts entry_ports(const Settings& settings) {
  return {settings.ssh_port, settings.https ? std::optional{settings.https->port} : std::nullopt};
}

std::optional<Port> EntryPorts::of(const Service& service) const {
  if (service.carriage == Carriage::ssh) return ssh;
  return service.carriage == Carriage::https ? https : std::optional{service.port};
}

std::vector<Opening> entry_openings(const Grant& grant, const EntryPorts& ports, BootTime until) {
  std::vector<Network> networks;
  if (grant.state == GrantState::armed) networks = grant.networks;
  if (grant.state == GrantState::active && grant.peer) networks = {Network::of(grant.peer->address)};
  std::vector<Opening> openings;
  const auto open = [&](Port port) {
    for (const auto& network : networks)
      openings.push_back({Opening::Way::entry, network, Transport::tcp, port, until});
  };
  if (offers(grant, Carriage::ssh)) open(ports.ssh);
  if (offers(grant, Carriage::https) && ports.https) open(*ports.https);
  return openings;
}

namespace {

Result<Address> of_family(const std::vector<Address>& addresses, Family family, const std::string& whose) {
  const auto found = std::ranges::find_if(
      addresses, [family](const Address& address) { return address.family() == family; });
  if (found != addresses.end()) return *found;
  return fail("{} has no {} address, from which the rep comes", whose,
              family == Family::ipv4 ? "IPv4" : "IPv6");
}

Result<Address> reached(const Grant& grant, const Target& target, const Address& answered, Reach reach) {
  const auto family = grant.peer->address.family();
  if (reach == Reach::hmc) {
    if (answered.family() == family) return answered;
    return of_family(target.addresses, family, "target " + target.name);
  }
  const auto system = std::ranges::find(target.managed_systems, grant.managed_system, &ManagedSystem::name);
  if (system == target.managed_systems.end())
    return fail("target {} no longer lists managed system {}", target.name, grant.managed_system);
  return of_family(system->addresses, family, "managed system " + system->name);
}

// The rep's own way ends in the kernel at the deadline, to the millisecond. The gate's own, which only root's
// sockets may use, stays a little longer, so that the monitor can still tell the target that the session is
// over; else its end of the connection would wait for hours.
constexpr std::chrono::seconds kToTellTheTarget{2};

Opening way_to(const Address& target, Port port, BootTime until) {
  return {Opening::Way::dial, Network::of(target), Transport::tcp, port, until + kToTellTheTarget};
}

}  // namespace

Result<std::vector<Opening>> forward_openings(const Grant& grant, const Target& target,
                                              const Address& answered, BootTime until) {
  std::vector<Opening> openings;
  if (!grant.peer) return openings;
  for (const auto& service : grant.services) {
    if (service.carriage != Carriage::forward) continue;
    ASSIGN_OR_RETURN(const auto address, reached(grant, target, answered, service.reach));
    for (const auto transport : service.transports)
      openings.push_back({Opening::Way::forward, Network::of(grant.peer->address), transport, service.port,
                          until, address, service.translate_source});
  }
  return openings;
}

Done Doors::follow(const Grant& grant, BootTime until) {
  const auto openings = entry_openings(grant, ports_, until);
  if (openings.empty()) return close(grant.id), Done{};
  if (const auto held = entries_.find(grant.id); held != entries_.end())
    return firewall_->change(held->second, openings);
  ASSIGN_OR_RETURN(entries_[grant.id], firewall_->open(openings));
  return {};
}

Done Doors::open_dial(const GrantId& id, const std::vector<Address>& targets, Port port, BootTime until) {
  std::vector<Opening> openings;
  for (const auto& target : targets) openings.push_back(way_to(target, port, until));
  if (const auto held = dials_.find({id, port}); held != dials_.end())
    return firewall_->change(held->second, openings);
  ASSIGN_OR_RETURN(auto lease, firewall_->open(openings));
  dials_.emplace(std::pair{id, port}, std::move(lease));
  return {};
}

Result<Lease> Doors::open_way(const Address& target, Port port, BootTime until) {
  return firewall_->open({way_to(target, port, until)});
}

Done Doors::open_forwards(const Grant& grant, const std::vector<Opening>& forwards) {
  if (forwards.empty()) return {};
  ASSIGN_OR_RETURN(auto lease, firewall_->open(forwards));
  forwards_[grant.id] = {std::move(lease), forwards};
  return {};
}

void Doors::close_ways(const GrantId& id) {
  std::erase_if(dials_, [&](const auto& dial) { return dial.first.first == id; });
  const auto found = forwards_.find(id);
  if (found == forwards_.end()) return;
  const auto openings = std::move(found->second.openings);
  forwards_.erase(found);  // the flows are dead from here on
  if (auto forgotten = firewall_->forget_flows(openings); !forgotten)
    log_warning("connection tracking keeps entries of {}: {}", id.value(), forgotten.error().message());
}

void Doors::close(const GrantId& id) {
  close_ways(id);
  entries_.erase(id);
}

std::vector<Traffic> Doors::traffic(const GrantId& id) {
  std::vector<Traffic> sum;
  const auto add = [&](const Lease& lease) {
    auto traffic = firewall_->traffic(lease);
    if (!traffic) return log_warning("traffic of {}: {}", id.value(), traffic.error().message());
    sum.insert(sum.end(), traffic->begin(), traffic->end());
  };
  if (const auto held = entries_.find(id); held != entries_.end()) add(held->second);
  if (const auto held = forwards_.find(id); held != forwards_.end()) add(held->second.lease);
  return sum;
}

bool Doors::has_way(const GrantId& id) const {
  return forwards_.contains(id) ||
         std::ranges::any_of(dials_, [&](const auto& dial) { return dial.first.first == id; });
}

GrantId Doors::holder(std::uint64_t lease) const {
  const auto of = [lease](const auto& entry) { return entry.second.id() == lease; };
  if (const auto found = std::ranges::find_if(entries_, of); found != entries_.end()) return found->first;
  if (const auto found = std::ranges::find_if(dials_, of); found != dials_.end()) return found->first.first;
  for (const auto& [id, forwards] : forwards_)
    if (forwards.lease.id() == lease) return id;
  return {};
}

}  // namespace sallyport
