// Runs in: sallyportd (privileged). Pure.
#include "firewall/coverage.h"

#include <algorithm>
#include <set>

namespace sallyport {

IpNumber IpNumber::from_bytes(const std::uint8_t* bytes, std::size_t size) noexcept {
  IpNumber number;
  for (std::size_t i = 0; i < size; ++i) {
    number.high = number.high << 8 | number.low >> 56;
    number.low = number.low << 8 | bytes[i];
  }
  return number;
}

IpNumber IpNumber::of(const Address& address) noexcept { return from_bytes(address.data(), address.size()); }

void IpNumber::to_bytes(std::uint8_t* bytes, std::size_t size) const noexcept {
  IpNumber rest = *this;
  for (std::size_t i = size; i-- > 0;) {
    bytes[i] = static_cast<std::uint8_t>(rest.low & 0xff);
    rest.low = rest.low >> 8 | rest.high << 56;
    rest.high >>= 8;
  }
}

namespace {

// A range begins at `at`, or has ended just before it.
struct Edge {
  IpNumber at;
  bool begins = false;
  BootTime until;
};

constexpr IpNumber kEndOfSpace{UINT64_MAX, UINT64_MAX};

std::vector<Edge> edges_of(const std::vector<Range>& ranges) {
  std::vector<Edge> edges;
  edges.reserve(ranges.size() * 2);
  for (const auto& range : ranges) {
    edges.push_back({range.first, true, range.until});
    // A range up to the end of the space has no address after it: it simply never ends.
    if (range.last != kEndOfSpace) edges.push_back({range.last.next(), false, range.until});
  }
  std::ranges::sort(edges, {}, &Edge::at);
  return edges;
}

void append(std::vector<Range>& covered, const Range& piece) {
  const bool continues = !covered.empty() && covered.back().last.next() == piece.first;
  if (continues && covered.back().until == piece.until)
    covered.back().last = piece.last;
  else
    covered.push_back(piece);
}

}  // namespace

std::vector<Range> coverage(const std::vector<Range>& ranges) {
  std::vector<Range> covered;
  std::multiset<BootTime> deadlines;  // of the ranges that cover `at`
  IpNumber at;
  for (const auto& edge : edges_of(ranges)) {
    if (edge.at != at && !deadlines.empty()) append(covered, {at, edge.at.previous(), *deadlines.rbegin()});
    at = edge.at;
    if (edge.begins)
      deadlines.insert(edge.until);
    else
      deadlines.erase(deadlines.find(edge.until));
  }
  if (!deadlines.empty()) append(covered, {at, kEndOfSpace, *deadlines.rbegin()});
  return covered;
}

}  // namespace sallyport
