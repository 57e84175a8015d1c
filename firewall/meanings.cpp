// Never two meanings of one packet: the part of Holdings that refuses. Runs in: sallyportd (privileged).
// Pure.
#include <algorithm>

#include "firewall/holdings.h"

namespace sallyport {

namespace {

using Kind = Passage::Kind;

bool from_rep(const Passage& passage) { return passage.kind != Kind::dial; }

bool share_a_packet(const Passage& a, const Passage& b) {
  return from_rep(a) && from_rep(b) && a.family == b.family && a.transport == b.transport &&
         a.port == b.port && a.first <= b.last && b.first <= a.last;
}

// Of two that share a packet: do they send it to different places?
bool differ(const Passage& a, const Passage& b) {
  if (a.kind != Kind::forward && b.kind != Kind::forward) return false;
  return a.kind != b.kind || a.target != b.target || a.translate_source != b.translate_source;
}

}  // namespace

bool Holdings::has_other_claim(std::uint64_t lease, const ExactKey& key) const {
  const auto at = exacts_.find(key);
  if (at == exacts_.end()) return false;
  return std::ranges::any_of(at->second.claims, [lease](const auto& claim) { return claim.second != lease; });
}

bool Holdings::is_in_network(std::uint64_t lease, const Passage& forward) const {
  const auto at = groups_.find(group_key(forward));
  if (at == groups_.end()) return false;
  return std::ranges::any_of(at->second.claims, [&](const Claim& claim) {
    return claim.lease != lease && claim.range.first <= forward.first && forward.first <= claim.range.last;
  });
}

// Looks at every address, but only if somebody forwards the gate's own port.
bool Holdings::covers_forward(std::uint64_t lease, const Passage& network) const {
  if (!forwards_.contains(group_key(network))) return false;
  return std::ranges::any_of(exacts_, [&](const auto& entry) {
    const auto& key = entry.first;
    return key.kind == Kind::forward && key.family == network.family && key.transport == network.transport &&
           key.port == network.port && network.first <= key.address && key.address <= network.last &&
           has_other_claim(lease, key);
  });
}

bool Holdings::clashes(std::uint64_t lease, const Passage& passage) const {
  auto key = exact_key(passage);
  switch (passage.kind) {
    case Kind::dial:
      return false;
    case Kind::network:
      return covers_forward(lease, passage);
    case Kind::address:
      key.kind = Kind::forward;
      return has_other_claim(lease, key);
    case Kind::forward:
      break;
  }
  if (const auto at = exacts_.find(key); at != exacts_.end())
    if (at->second.target != passage.target || at->second.translate_source != passage.translate_source)
      if (has_other_claim(lease, key)) return true;
  key.kind = Kind::address;
  return has_other_claim(lease, key) || is_in_network(lease, passage);
}

Done Holdings::check_meanings(std::uint64_t lease, const std::vector<Opening>& openings) const {
  std::vector<Passage> passages;
  passages.reserve(openings.size());
  for (const auto& opening : openings) {
    const auto passage = passage_of(opening);
    const bool clashes_here = std::ranges::any_of(passages, [&](const Passage& other) {
      return share_a_packet(passage, other) && differ(passage, other);
    });
    if (clashes_here || clashes(lease, passage))
      return fail("{}: this port leads somewhere else for this address already", text_of(opening));
    passages.push_back(passage);
  }
  return {};
}

}  // namespace sallyport
