// Conntrack: what the kernel remembers of routed flows, and how to make it forget.
// Runs in: sallyportd (privileged). Reads the kernel's answers only.
#pragma once

#include <vector>

#include "base/result.h"
#include "firewall/firewall.h"

namespace sallyport {

// Destroys the entries of flows that these forwards let through: from their address, by their transport, to
// their port, answered by their target. Says how many. One walk through the kernel's table for each source.
Result<std::size_t> destroy_flows(const std::vector<Opening>& forwards);

}  // namespace sallyport
