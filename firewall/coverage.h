// Coverage: what several overlapping networks with deadlines cover together, as the kernel's interval set
// wants it. Pure. Runs in: sallyportd (privileged).
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport {

// An IPv4 or IPv6 address as a number. Not an Address, which turns ::ffff:a.b.c.d into a.b.c.d: the edge of a
// range must stay in its own family.
struct IpNumber {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  static IpNumber of(const Address& address) noexcept;
  // Network order; the last four are IPv4's.
  static IpNumber from_bytes(const std::uint8_t* bytes, std::size_t size) noexcept;
  void to_bytes(std::uint8_t* bytes, std::size_t size) const noexcept;
  // The end of the IPv6 space wraps to zero.
  IpNumber next() const noexcept { return {low == UINT64_MAX ? high + 1 : high, low + 1}; }
  IpNumber previous() const noexcept { return {low == 0 ? high - 1 : high, low - 1}; }
  auto operator<=>(const IpNumber&) const = default;
};

// The addresses first to last, both included, until a deadline.
struct Range {
  IpNumber first;
  IpNumber last;
  BootTime until;
  auto operator<=>(const Range&) const = default;
};

// The same addresses as disjoint ranges in ascending order, each with the latest deadline of the ranges that
// cover it; neighbours of one deadline are merged. The kernel's interval sets refuse overlaps, and two leases
// may well open overlapping networks. O(n log n).
std::vector<Range> coverage(const std::vector<Range>& ranges);

}  // namespace sallyport
