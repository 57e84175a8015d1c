// Doors: what is open in the kernel for each grant, as leases. One function opens and closes: `follow` makes
// the kernel hold what the grant's state implies, no more (I4).
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <map>
#include <optional>

#include "firewall/firewall.h"
#include "gateway/core/grant.h"
#include "policies/settings.h"
#include "policies/target.h"

namespace sallyport {

// Where reps come to the gate itself.
struct EntryPorts {
  Port ssh{22};
  std::optional<Port> https;  // nothing: there is no such door

  // At which a rep of `service` enters: its own port where the kernel forwards, nothing where there is no
  // door.
  std::optional<Port> of(const Service& service) const;
};
EntryPorts entry_ports(const Settings& settings);

class Doors {
 public:
  Doors(Firewall& firewall, EntryPorts ports) : firewall_(&firewall), ports_(ports) {}

  // armed: the grant's networks may enter; active: the rep's address only; anything else: nothing.
  Done follow(const Grant& grant, BootTime until);
  // The gate's own way to these addresses of the target, for an active grant; again with the one that
  // answered. One port for each door that is used.
  Done open_dial(const GrantId& id, const std::vector<Address>& targets, Port port, BootTime until);
  // One more way of the gate's own to a port of the target, with a lease of its own: for a channel inside the
  // rep's SSH connection, a further connection of the HTTPS door's, a logoff.
  Result<Lease> open_way(const Address& target, Port port, BootTime until);
  // What the kernel routes for an active grant, from the rep's address only.
  Done open_forwards(const Grant& grant, const std::vector<Opening>& forwards);
  // Everything that leads to the target: its end is the end of the session's flows. The rep's own way to the
  // gate stays, to be told why.
  void close_ways(const GrantId& id);
  void close(const GrantId& id);
  // Packets and bytes of the grant's services up to now. Ask before closing.
  std::vector<Traffic> traffic(const GrantId& id);
  // Whose lease that is; nobody's is an empty name.
  GrantId holder(std::uint64_t lease) const;
  bool is_open(const GrantId& id) const { return entries_.contains(id) || has_way(id); }

 private:
  bool has_way(const GrantId& id) const;

  struct Forwards {
    Lease lease;
    std::vector<Opening> openings;
  };
  Firewall* firewall_;
  EntryPorts ports_;
  std::map<GrantId, Lease> entries_;
  std::map<std::pair<GrantId, Port>, Lease> dials_;  // to one port of the target for each door that is used
  std::map<GrantId, Forwards> forwards_;
};

// What `follow` opens for a grant in this state; pure.
std::vector<Opening> entry_openings(const Grant& grant, const EntryPorts& ports, BootTime until);
// What is routed for an active grant: its `forward` services from the rep's address to the address that
// answered, or, in the rep's family, the target's first one. A service that finds no address of the rep's
// family is an error, not a gap. Pure.
Result<std::vector<Opening>> forward_openings(const Grant& grant, const Target& target,
                                              const Address& answered, BootTime until);

}  // namespace sallyport
