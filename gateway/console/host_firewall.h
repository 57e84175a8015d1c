// The host's own nftables chains, read-only: an accept in the gate's table never overrides a drop in another.
// Runs in: sallyport.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sallyport {

// A base chain of another table that sees packets to the gate.
struct HostChain {
  std::string table, chain;  // "inet filter", "input"
  std::string hook;          // "prerouting", "input", "output"
  bool drops_by_default = false;
  bool has_accepts = false;      // a rule of the chain accepts, or goes on to another chain
  bool table_has_drops = false;  // a rule somewhere in the table drops or rejects
};

// Error with code EPERM: only root may look.
Result<std::vector<HostChain>> read_host_chains();

}  // namespace sallyport
