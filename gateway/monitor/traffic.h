// What the kernel counts for each session, by the grant's services: read, told to who asks, and to who
// watches. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include "gateway/monitor/gate.h"

namespace sallyport {

// How often a watching console is told, at most.
inline constexpr std::chrono::seconds kTrafficPeriod{5};

// What the kernel counted for the session up to now; what is closed keeps its last count.
void read_traffic(Gate& gate, const GrantId& id);
// The same, as last read, by the grant's services.
std::vector<ServiceTraffic> traffic_of(const Gate& gate, const GrantId& id);
// Tells watching consoles what has passed, of the sessions in which something has since they were last told.
// These lines are no records: what counts is in `session.ended`.
void tell_traffic(Gate& gate);

}  // namespace sallyport
