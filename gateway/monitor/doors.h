// Doors: what is open in the kernel for each grant, as leases. One function opens and closes: `follow` makes
// the kernel hold what the grant's state implies, no more (I4).
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <map>

#include "firewall/firewall.h"
#include "gateway/core/grant.h"

namespace sallyport {

class Doors {
 public:
  Doors(Firewall& firewall, Port ssh_port) : firewall_(&firewall), ssh_port_(ssh_port) {}

  // armed: the grant's networks may enter; active: the rep's address only; anything else: nothing.
  Done follow(const Grant& grant, BootTime until);
  // The gate's own way to these addresses of the target, for an active grant; again with the one that
  // answered.
  Done open_dial(const GrantId& id, const std::vector<Address>& targets, Port port, BootTime until);
  void close_dial(const GrantId& id) { dials_.erase(id); }
  void close(const GrantId& id);
  bool is_open(const GrantId& id) const { return entries_.contains(id) || dials_.contains(id); }

 private:
  Firewall* firewall_;
  Port ssh_port_;
  std::map<GrantId, Lease> entries_, dials_;
};

// What `follow` opens for a grant in this state; pure.
std::vector<Opening> entry_openings(const Grant& grant, Port ssh_port, BootTime until);

}  // namespace sallyport
