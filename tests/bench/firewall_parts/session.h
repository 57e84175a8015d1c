// Sessions to open in numbers: what a shipped policy means for the firewall while a session of it is active.
// Runs in: the firewall benchmark, as root.
#pragma once

#include <vector>

#include "firewall/firewall.h"
#include "policies/policy.h"

namespace sallyport {

// policies/NAME.toml of this repository.
Policy shipped_policy(const std::string& name);

// As gateway/monitor/doors.h holds an active session: three leases, opened one after the other.
struct SessionOpenings {
  std::vector<Opening> entry;     // the rep's way to the gate's proxy
  std::vector<Opening> dial;      // the gate's own way to the target
  std::vector<Opening> forwards;  // what the kernel routes
  std::vector<Opening> all() const;
};
// Without the legacy services, which a grant has to name.
SessionOpenings session_openings(const Policy& policy, const Address& rep, const Address& target,
                                 BootTime until);

// Other reps, each at an address of its own, at 200 targets.
Address nth_rep(std::size_t n);
Address nth_target(std::size_t n);
SessionOpenings nth_session(const Policy& policy, std::size_t n, BootTime until);

// The deny side of a gate with these policies, their ports at `gates`, for `targets` and those of
// nth_target().
Guarded guard_for(const std::vector<Policy>& policies, const std::vector<Address>& gates,
                  std::vector<Address> targets);

}  // namespace sallyport
