// Runs in: sallyportd (privileged). Pure.
#include "firewall/holdings.h"

#include <algorithm>
#include <set>

namespace sallyport {

namespace {

bool is_network(const Passage& passage) { return passage.kind == Passage::Kind::network; }

}  // namespace

Holdings::ExactKey Holdings::exact_key(const Passage& passage) {
  return {passage.kind, passage.family, passage.transport, passage.port, passage.first};
}

Holdings::GroupKey Holdings::group_key(const Passage& passage) {
  return {passage.family, passage.transport, passage.port};
}

std::size_t Holdings::ExactHash::operator()(const ExactKey& key) const noexcept {
  // Mixing after each word (the finalizer of MurmurHash3): neighbouring addresses are the usual case.
  std::uint64_t hash = static_cast<std::uint64_t>(key.port.value()) << 24 |
                       static_cast<std::uint64_t>(key.transport) << 16 |
                       static_cast<std::uint64_t>(key.family) << 8 | static_cast<std::uint64_t>(key.kind);
  for (const auto word : {key.address.high, key.address.low}) {
    hash ^= word;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdU;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53U;
    hash ^= hash >> 33;
  }
  return static_cast<std::size_t>(hash);
}

const std::vector<Opening>& Holdings::openings(std::uint64_t lease) const {
  static const std::vector<Opening> nothing;
  const auto at = leases_.find(lease);
  return at == leases_.end() ? nothing : at->second;
}

void Holdings::claim(std::uint64_t lease, const Passage& passage) {
  if (is_network(passage)) {
    groups_[group_key(passage)].claims.push_back({lease, {passage.first, passage.last, passage.until}});
    return;
  }
  auto& exact = exacts_[exact_key(passage)];
  exact.claims.emplace(passage.until, lease);
  exact.target = passage.target;
  exact.translate_source = passage.translate_source;
  if (passage.kind == Passage::Kind::forward) ++forwards_[group_key(passage)];
}

// What the kernel still holds is kept until settle().
void Holdings::unclaim(std::uint64_t lease, const Passage& passage) {
  if (is_network(passage)) {
    const auto at = groups_.find(group_key(passage));
    auto& claims = at->second.claims;
    claims.erase(std::ranges::find_if(claims, [&](const Claim& claim) {
      return claim.lease == lease && claim.range == Range{passage.first, passage.last, passage.until};
    }));
    if (claims.empty() && at->second.held.empty()) groups_.erase(at);
    return;
  }
  const auto at = exacts_.find(exact_key(passage));
  auto& claims = at->second.claims;
  claims.erase(claims.find({passage.until, lease}));
  if (claims.empty() && !at->second.held) exacts_.erase(at);
  if (passage.kind != Passage::Kind::forward) return;
  if (const auto count = forwards_.find(group_key(passage)); --count->second == 0) forwards_.erase(count);
}

std::vector<Opening> Holdings::place(std::uint64_t lease, std::vector<Opening> openings) {
  auto before = remove(lease);
  for (const auto& opening : openings) claim(lease, passage_of(opening));
  leases_.emplace(lease, std::move(openings));
  return before;
}

std::vector<Opening> Holdings::remove(std::uint64_t lease) {
  const auto at = leases_.find(lease);
  if (at == leases_.end()) return {};
  auto before = std::move(at->second);
  leases_.erase(at);
  for (const auto& opening : before) unclaim(lease, passage_of(opening));
  return before;
}

std::vector<Range> Holdings::desired(const std::vector<Claim>& claims, BootTime now) {
  std::vector<Range> ranges;
  for (const auto& claim : claims)
    if (claim.range.until >= now + kShortestLife) ranges.push_back(claim.range);
  return coverage(ranges);
}

std::optional<Passage> Holdings::desired(const ExactKey& key, const Exact& exact, BootTime now) {
  if (exact.claims.empty()) return std::nullopt;
  const auto until = exact.claims.rbegin()->first;
  if (until < now + kShortestLife) return std::nullopt;
  return Passage{key.kind, key.family,   key.transport,         key.port, key.address, key.address,
                 until,    exact.target, exact.translate_source};
}

void Holdings::compare(const ExactKey& key, const Exact& exact, BootTime now, Difference& out) {
  const auto wanted = desired(key, exact, now);
  if (wanted == exact.held) return;
  if (exact.held) out.remove.push_back(*exact.held);
  if (wanted) out.add.push_back(*wanted);
}

Passage Holdings::passage(const GroupKey& key, const Range& range) {
  Passage passage;
  passage.kind = Passage::Kind::network;
  passage.family = key.family;
  passage.transport = key.transport;
  passage.port = key.port;
  passage.first = range.first;
  passage.last = range.last;
  passage.until = range.until;
  return passage;
}

void Holdings::compare(const GroupKey& key, const Group& group, BootTime now, Difference& out) {
  const auto wanted = desired(group.claims, now);
  for (const auto& [first, range] : group.held)
    if (!std::ranges::binary_search(wanted, range)) out.remove.push_back(passage(key, range));
  for (const auto& range : wanted) {
    const auto at = group.held.find(range.first);
    if (at == group.held.end() || at->second != range) out.add.push_back(passage(key, range));
  }
}

Holdings::Difference Holdings::difference(const std::vector<Opening>& before,
                                          const std::vector<Opening>& after, BootTime now) const {
  std::vector<ExactKey> exacts;
  std::vector<GroupKey> groups;
  for (const auto* openings : {&before, &after})
    for (const auto& opening : *openings) {
      const auto passage = passage_of(opening);
      if (is_network(passage))
        groups.push_back(group_key(passage));
      else
        exacts.push_back(exact_key(passage));
    }
  const auto each_once = [](auto& keys) {
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  };
  each_once(exacts);
  each_once(groups);
  Difference difference;
  for (const auto& key : exacts)
    if (const auto at = exacts_.find(key); at != exacts_.end()) compare(key, at->second, now, difference);
  for (const auto& key : groups)
    if (const auto at = groups_.find(key); at != groups_.end()) compare(key, at->second, now, difference);
  return difference;
}

void Holdings::hold(const Passage& passage) {
  if (is_network(passage))
    groups_[group_key(passage)].held[passage.first] = {passage.first, passage.last, passage.until};
  else
    exacts_[exact_key(passage)].held = passage;
}

void Holdings::let_go(const Passage& passage) {
  if (is_network(passage)) {
    const auto at = groups_.find(group_key(passage));
    if (at == groups_.end()) return;
    at->second.held.erase(passage.first);
    if (at->second.claims.empty() && at->second.held.empty()) groups_.erase(at);
    return;
  }
  const auto at = exacts_.find(exact_key(passage));
  if (at == exacts_.end()) return;
  at->second.held.reset();
  if (at->second.claims.empty()) exacts_.erase(at);
}

void Holdings::settle(const Difference& done) {
  for (const auto& passage : done.remove) let_go(passage);
  for (const auto& passage : done.add) hold(passage);
}

std::vector<Passage> Holdings::everything(BootTime now) const {
  Difference difference;
  for (const auto& [key, exact] : exacts_)
    if (auto wanted = desired(key, exact, now)) difference.add.push_back(*wanted);
  for (const auto& [key, group] : groups_) compare(key, {group.claims, {}}, now, difference);
  return std::move(difference.add);
}

void Holdings::settle_all(const std::vector<Passage>& held) {
  for (auto& [key, exact] : exacts_) exact.held.reset();
  for (auto& [key, group] : groups_) group.held.clear();
  for (const auto& passage : held) hold(passage);
  std::erase_if(exacts_, [](const auto& entry) { return entry.second.claims.empty() && !entry.second.held; });
  std::erase_if(groups_,
                [](const auto& entry) { return entry.second.claims.empty() && entry.second.held.empty(); });
}

std::vector<Passage> Holdings::held() const {
  std::vector<Passage> passages;
  for (const auto& [key, exact] : exacts_)
    if (exact.held) passages.push_back(*exact.held);
  for (const auto& [key, group] : groups_)
    for (const auto& [first, range] : group.held) passages.push_back(passage(key, range));
  return passages;
}

std::vector<std::uint64_t> Holdings::claimants(const Passage& passage) const {
  std::set<std::uint64_t> leases;
  if (is_network(passage)) {
    const auto at = groups_.find(group_key(passage));
    if (at == groups_.end()) return {};
    for (const auto& claim : at->second.claims)
      if (claim.range.first <= passage.last && passage.first <= claim.range.last) leases.insert(claim.lease);
  } else {
    const auto at = exacts_.find(exact_key(passage));
    if (at == exacts_.end()) return {};
    for (const auto& [until, lease] : at->second.claims) leases.insert(lease);
  }
  return {leases.begin(), leases.end()};
}

std::vector<Address> Holdings::targets() const {
  std::set<Address> targets;
  for (const auto& [lease, openings] : leases_)
    for (const auto& opening : openings) {
      if (opening.way == Opening::Way::dial) targets.insert(opening.network.first());
      if (opening.target) targets.insert(*opening.target);
    }
  return {targets.begin(), targets.end()};
}

void Holdings::clear() {
  leases_.clear();
  exacts_.clear();
  groups_.clear();
  forwards_.clear();
}

}  // namespace sallyport
