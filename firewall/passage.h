// Passage: one thing that the kernel holds open for one or several openings, and the elements of the live
// table that make it. Runs in: sallyportd (privileged). Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "firewall/coverage.h"
#include "firewall/firewall.h"

namespace sallyport {

struct Passage {
  enum class Kind : std::uint8_t {
    address,  // from one address to the gate. In a hash set, whose cost does not grow with the sessions
    network,  // from a range of addresses to the gate. In an interval set
    dial,     // from the gate to one address
    forward,  // from one address to the gate's port and on to `target`
  };
  Kind kind = Kind::address;
  Family family = Family::ipv4;
  Transport transport = Transport::tcp;
  Port port;
  IpNumber first;
  IpNumber last;  // equal to first except in a network
  BootTime until;
  IpNumber target;                // forward only
  bool translate_source = false;  // forward only
  auto operator<=>(const Passage&) const = default;
};

// What the sets of the live table are for. There is one of each for either family.
enum class LiveSet : std::uint8_t {
  admitted,   // `opener . transport . port` of a flow to the gate
  translate,  // a map: `opener . transport . port` of a routed flow, to its target
  forwarded,  // `opener . transport . port . target` of a routed flow
  masked,     // `opener . transport . port` of flows whose target sees the gate's address
  dial,       // the gate's own way: `target . transport . port`
  entry,      // as admitted, of ranges of addresses; not counted
};
inline constexpr std::array kLiveSets{LiveSet::admitted, LiveSet::translate, LiveSet::forwarded,
                                      LiveSet::masked,   LiveSet::dial,      LiveSet::entry};

// "admitted4", "admitted6", …
const char* name_of(LiveSet set, Family family) noexcept;
// Does this passage have an element in that set?
bool has_element(const Passage& passage, LiveSet set) noexcept;
// Do packets that use it add meters?
inline bool is_counted(const Passage& passage) noexcept {
  return passage.kind == Passage::Kind::address || passage.kind == Passage::Kind::forward;
}

// The kernel counts deadlines in ticks (10 ms at HZ=100), and takes a timeout that rounds down to no tick for
// none at all. What has less time left than this is therefore past.
constexpr std::chrono::milliseconds kShortestLife{20};

Passage passage_of(const Opening& opening);
// For messages: "192.0.2.7 port tcp/22".
std::string text_of(const Opening& opening);
// Refuses what cannot be opened: past its deadline, a dial or a forward of more than one address, a forward
// without a target or to one of the other family, port 0.
Done check_openings(const std::vector<Opening>& openings, BootTime now);

}  // namespace sallyport
