// Firewall: what may pass, as leases. The interface; the kernel's is nft_firewall.h, a test's is
// tests/fakes/memory_firewall.h. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <cstdint>
#include <optional>
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
  bool transit = true;  // the host also routes what concerns no target; else nothing passes but for a session
};

// One thing that may pass, until `until` (kernel timeout; a monitor that hangs cannot keep a door open).
struct Opening {
  enum class Way : std::uint8_t {
    entry,    // from `network` to the gate's `port`
    dial,     // from the gate to `network` (one address), `port`
    forward,  // from `network` (one address) to the gate's `port`, and on to `target`, same port
  };
  Way way = Way::entry;
  Network network;
  Transport transport = Transport::tcp;
  Port port;
  BootTime until;
  std::optional<Address> target = {};  // forward only, and of the network's family
  bool translate_source = false;       // forward only: the target sees the gate's address
  bool operator==(const Opening&) const = default;
};

// What passed through one opening of way entry or forward: `in` from the rep, `out` to the rep. Whoever
// shares the rep's address is counted with the rep; two leases on the same address and port share a counter.
struct Volume {
  std::uint64_t packets = 0, bytes = 0;  // bytes with their IP headers
  auto operator<=>(const Volume&) const = default;
};
struct Traffic {
  Transport transport = Transport::tcp;
  Port port;
  Volume in, out;
};

// One element of the kernel's live table, read back.
struct Held {
  std::string set;                    // "admitted4", "forward6", …
  std::string key;                    // in nft's words: "192.0.2.7 . tcp . 22"
  std::chrono::milliseconds left;     // until the kernel takes it away by itself
  std::optional<Volume> in, out;      // of the elements that count
  std::vector<std::uint64_t> leases;  // whose; nobody's means an alarm
  std::string text;                   // the element as nft prints it, without its counter
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
  // What passed through the lease's openings since they were opened (change() starts a changed one anew).
  virtual Result<std::vector<Traffic>> traffic(const Lease& lease) = 0;
  // Hygiene after a close: destroys the conntrack entries of these forwards, by exact tuple; says how many.
  // The flows are dead without it: membership is asked for every packet.
  virtual Result<std::size_t> forget_flows(const std::vector<Opening>& forwards) = 0;
  // Every element that the kernel holds open now.
  virtual Result<std::vector<Held>> held() = 0;
  // The same, one line each in nft's own words, for people.
  virtual Result<std::vector<std::string>> inspect() = 0;
  // The closing check (I10): what the kernel holds open that no lease claims. Anything is an alarm.
  virtual Result<std::vector<std::string>> residue() = 0;

 private:
  friend class Lease;
  virtual void close(std::uint64_t lease) noexcept = 0;
};

}  // namespace sallyport
