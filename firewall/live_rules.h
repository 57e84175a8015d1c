// What table inet sallyport_live is made of. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>

#include "firewall/table.h"

namespace sallyport {

constexpr const char* kLiveTable = "sallyport_live";
// What packets from a flow's opener, and packets to it, have counted, by `opener . transport . port`. Packets
// add the elements, so that opening does not pay for the counters' memory (1.7 us each).
enum class Meters : std::uint8_t { in, out };
const char* name_of(Meters meters, Family family) noexcept;  // "meters_in4", …

// The table with empty sets. See docs/ARCHITECTURE.md for what each chain is for.
Table live_table(std::uint32_t mark_bit);
// The set of the gate's service addresses in it, which is no opening: "gate4", "gate6".
const char* gate_set(Family family) noexcept;

}  // namespace sallyport
