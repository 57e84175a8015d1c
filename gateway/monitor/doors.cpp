// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/doors.h"

namespace sallyport {

std::vector<Opening> entry_openings(const Grant& grant, Port ssh_port, BootTime until) {
  std::vector<Opening> openings;
  const auto open = [&](const Network& network) {
    openings.push_back({Opening::Way::entry, network, Transport::tcp, ssh_port, until});
  };
  if (grant.state == GrantState::armed)
    for (const auto& network : grant.networks) open(network);
  if (grant.state == GrantState::active && grant.peer) open(Network::of(grant.peer->address));
  return openings;
}

Done Doors::follow(const Grant& grant, BootTime until) {
  const auto openings = entry_openings(grant, ssh_port_, until);
  if (openings.empty()) return close(grant.id), Done{};
  if (const auto held = entries_.find(grant.id); held != entries_.end())
    return firewall_->change(held->second, openings);
  ASSIGN_OR_RETURN(entries_[grant.id], firewall_->open(openings));
  return {};
}

Done Doors::open_dial(const GrantId& id, const std::vector<Address>& targets, Port port, BootTime until) {
  std::vector<Opening> openings;
  for (const auto& target : targets)
    openings.push_back({Opening::Way::dial, Network::of(target), Transport::tcp, port, until});
  if (const auto held = dials_.find(id); held != dials_.end())
    return firewall_->change(held->second, openings);
  ASSIGN_OR_RETURN(dials_[id], firewall_->open(openings));
  return {};
}

void Doors::close(const GrantId& id) {
  dials_.erase(id);
  entries_.erase(id);
}

}  // namespace sallyport
