// Firewall: what may pass, as leases. The interface; the kernel's is nft_firewall.h, a test's is
// tests/fakes/memory_firewall.h. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "firewall/lease.h"
#include "policies/service.h"

namespace sallyport {

// The deny side, in force whether or not the gate runs: packets to `services`, and the gate's own and
// forwarded packets to `targets`, are dropped unless a live opening marks them.
struct Guarded {
  struct Service {
    Address address;  // one of the gate's service addresses
    Transport transport = Transport::tcp;
    Port port;
    auto operator<=>(const Service&) const = default;
  };
  std::vector<Service> services;
  std::vector<Address> targets;
};

// One thing that may pass, until `until` (kernel timeout; a monitor that hangs cannot keep a door open).
struct Opening {
  enum class Way : std::uint8_t {
    entry,  // from `network` to the gate's `port`
    dial,   // from the gate to `network` (one address), `port`
  };
  Way way = Way::entry;
  Network network;
  Transport transport = Transport::tcp;
  Port port;
  BootTime until;
};

class Firewall {
 public:
  virtual ~Firewall() = default;

  // Puts the deny side in force and reads it back; before anything listens, and again when targets change.
  virtual Done guard(const Guarded& guarded) = 0;
  // Reads the deny side again: is it still what was last asked for, and can openings still be made?
  virtual Done check_guard() = 0;
  // Opens all of `openings` or none. An empty list is a lease on nothing.
  virtual Result<Lease> open(const std::vector<Opening>& openings) = 0;
  // Makes `lease` hold `openings` instead of what it held, in one step; after a failure it holds what it
  // held.
  virtual Done change(Lease& lease, const std::vector<Opening>& openings) = 0;
  // What the kernel holds open now, one line each in nft's own words, for people.
  virtual Result<std::vector<std::string>> inspect() = 0;
  // The closing check (I10): what the kernel holds open that no lease claims. Anything is an alarm.
  virtual Result<std::vector<std::string>> residue() = 0;

 private:
  friend class Lease;
  virtual void close(std::uint64_t lease) noexcept = 0;
};

}  // namespace sallyport
