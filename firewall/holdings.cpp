// Runs in: sallyportd (privileged). Pure.
#include "firewall/holdings.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace sallyport {

const char* to_text(LiveSet set) noexcept {
  switch (set) {
    case LiveSet::admitted4:
      return "admitted4";
    case LiveSet::admitted6:
      return "admitted6";
    case LiveSet::dial4:
      return "dial4";
    case LiveSet::dial6:
      return "dial6";
    case LiveSet::entry4:
      return "entry4";
    case LiveSet::entry6:
      return "entry6";
  }
  our_bug(true, "live set out of range");
  return "";
}

Family family_of(LiveSet set) noexcept {
  switch (set) {
    case LiveSet::admitted4:
    case LiveSet::dial4:
    case LiveSet::entry4:
      return Family::ipv4;
    case LiveSet::admitted6:
    case LiveSet::dial6:
    case LiveSet::entry6:
      return Family::ipv6;
  }
  our_bug(true, "live set out of range");
  return Family::ipv4;
}

namespace {

bool is_one_address(const Network& network) { return network.first() == network.last(); }

LiveSet set_of(const Opening& opening) {
  const bool four = opening.network.first().family() == Family::ipv4;
  if (opening.way == Opening::Way::dial) return four ? LiveSet::dial4 : LiveSet::dial6;
  if (is_one_address(opening.network)) return four ? LiveSet::admitted4 : LiveSet::admitted6;
  return four ? LiveSet::entry4 : LiveSet::entry6;
}

Range range_of(const Opening& opening) {
  return {IpNumber::of(opening.network.first()), IpNumber::of(opening.network.last()), opening.until};
}

// Network::last() is an Address, and an IPv4-mapped one would have become IPv4.
bool keeps_its_family(const Network& network) { return network.first().family() == network.last().family(); }

Done check_opening(const Opening& opening, BootTime now) {
  const auto text =
      fmt::format("{} port {}/{}", opening.network.text(), to_text(opening.transport), opening.port.value());
  if (opening.port.value() == 0) return fail("{}: there is no port 0 to open", text);
  if (!keeps_its_family(opening.network)) return fail("{}: the network is neither IPv4 nor IPv6", text);
  if (opening.way == Opening::Way::dial && !is_one_address(opening.network))
    return fail("{}: the gate's own way is opened to one address at a time", text);
  if (opening.until < now + kShortestLife) return fail("{}: past its deadline", text);
  return {};
}

}  // namespace

Done check_openings(const std::vector<Opening>& openings, BootTime now) {
  for (const auto& opening : openings) RETURN_IF_ERROR(check_opening(opening, now));
  return {};
}

bool Holdings::is_exact(const Opening& opening) {
  const auto set = set_of(opening);
  return set != LiveSet::entry4 && set != LiveSet::entry6;
}

Holdings::ExactKey Holdings::exact_key(const Opening& opening) {
  return {set_of(opening), opening.transport, opening.port, IpNumber::of(opening.network.first())};
}

Holdings::GroupKey Holdings::group_key(const Opening& opening) {
  return {set_of(opening), opening.transport, opening.port};
}

std::size_t Holdings::ExactHash::operator()(const ExactKey& key) const noexcept {
  // Mixing after each word (the finalizer of MurmurHash3): neighbouring addresses are the usual case.
  std::uint64_t hash = static_cast<std::uint64_t>(key.port.value()) << 16 |
                       static_cast<std::uint64_t>(key.transport) << 8 | static_cast<std::uint64_t>(key.set);
  for (const auto word : {key.address.high, key.address.low}) {
    hash ^= word;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdU;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53U;
    hash ^= hash >> 33;
  }
  return static_cast<std::size_t>(hash);
}

void Holdings::claim(std::uint64_t lease, const Opening& opening) {
  const Claim claim{lease, range_of(opening)};
  if (is_exact(opening))
    exacts_[exact_key(opening)].claims.push_back(claim);
  else
    groups_[group_key(opening)].claims.push_back(claim);
}

// What the kernel still holds is kept until settle().
void Holdings::unclaim(std::uint64_t lease, const Opening& opening) {
  const auto is_ours = [lease](const Claim& claim) { return claim.lease == lease; };
  if (!is_exact(opening)) {
    const auto at = groups_.find(group_key(opening));
    if (at == groups_.end()) return;
    std::erase_if(at->second.claims, is_ours);
    if (at->second.claims.empty() && at->second.held.empty()) groups_.erase(at);
    return;
  }
  const auto at = exacts_.find(exact_key(opening));
  if (at == exacts_.end()) return;
  std::erase_if(at->second.claims, is_ours);
  if (at->second.claims.empty() && !at->second.held) exacts_.erase(at);
}

std::vector<Opening> Holdings::place(std::uint64_t lease, std::vector<Opening> openings) {
  auto before = remove(lease);
  for (const auto& opening : openings) claim(lease, opening);
  leases_.emplace(lease, std::move(openings));
  return before;
}

std::vector<Opening> Holdings::remove(std::uint64_t lease) {
  const auto at = leases_.find(lease);
  if (at == leases_.end()) return {};
  auto before = std::move(at->second);
  leases_.erase(at);
  for (const auto& opening : before) unclaim(lease, opening);
  return before;
}

std::vector<Range> Holdings::desired(const std::vector<Claim>& claims, BootTime now) {
  std::vector<Range> ranges;
  for (const auto& claim : claims)
    if (claim.range.until >= now + kShortestLife) ranges.push_back(claim.range);
  return coverage(ranges);
}

void Holdings::compare(const ExactKey& key, const Exact& exact, BootTime now, Difference& out) {
  std::optional<BootTime> wanted;
  for (const auto& claim : exact.claims)
    if (claim.range.until >= now + kShortestLife)
      wanted = std::max(wanted.value_or(BootTime::min()), claim.range.until);
  if (wanted == exact.held) return;
  LiveElement element{key.set, key.address, key.address, key.transport, key.port, {}};
  if (exact.held) {
    element.until = *exact.held;
    out.remove.push_back(element);
  }
  if (wanted) {
    element.until = *wanted;
    out.add.push_back(element);
  }
}

void Holdings::compare(const GroupKey& key, const Group& group, BootTime now, Difference& out) {
  const auto wanted = desired(group.claims, now);
  const auto element = [&key](const Range& range) {
    return LiveElement{key.set, range.first, range.last, key.transport, key.port, range.until};
  };
  for (const auto& [first, range] : group.held)
    if (!std::ranges::binary_search(wanted, range)) out.remove.push_back(element(range));
  for (const auto& range : wanted) {
    const auto at = group.held.find(range.first);
    if (at == group.held.end() || at->second != range) out.add.push_back(element(range));
  }
}

Holdings::Difference Holdings::difference(const std::vector<Opening>& before,
                                          const std::vector<Opening>& after, BootTime now) const {
  std::set<ExactKey> exacts;
  std::set<GroupKey> groups;
  for (const auto* openings : {&before, &after})
    for (const auto& opening : *openings)
      if (is_exact(opening))
        exacts.insert(exact_key(opening));
      else
        groups.insert(group_key(opening));
  Difference difference;
  for (const auto& key : exacts)
    if (const auto at = exacts_.find(key); at != exacts_.end()) compare(key, at->second, now, difference);
  for (const auto& key : groups)
    if (const auto at = groups_.find(key); at != groups_.end()) compare(key, at->second, now, difference);
  return difference;
}

void Holdings::hold(const LiveElement& element) {
  if (element.set == LiveSet::entry4 || element.set == LiveSet::entry6)
    groups_[{element.set, element.transport, element.port}].held[element.first] = {
        element.first, element.last, element.until};
  else
    exacts_[{element.set, element.transport, element.port, element.first}].held = element.until;
}

void Holdings::let_go(const LiveElement& element) {
  if (element.set == LiveSet::entry4 || element.set == LiveSet::entry6) {
    const auto at = groups_.find({element.set, element.transport, element.port});
    if (at == groups_.end()) return;
    at->second.held.erase(element.first);
    if (at->second.claims.empty() && at->second.held.empty()) groups_.erase(at);
    return;
  }
  const auto at = exacts_.find({element.set, element.transport, element.port, element.first});
  if (at == exacts_.end()) return;
  at->second.held.reset();
  if (at->second.claims.empty()) exacts_.erase(at);
}

void Holdings::settle(const Difference& done) {
  for (const auto& element : done.remove) let_go(element);
  for (const auto& element : done.add) hold(element);
}

std::vector<LiveElement> Holdings::everything(BootTime now) const {
  Difference difference;
  for (const auto& [key, exact] : exacts_) compare(key, {exact.claims, {}}, now, difference);
  for (const auto& [key, group] : groups_) compare(key, {group.claims, {}}, now, difference);
  return difference.add;
}

void Holdings::settle_all(const std::vector<LiveElement>& held) {
  for (auto& [key, exact] : exacts_) exact.held.reset();
  for (auto& [key, group] : groups_) group.held.clear();
  for (const auto& element : held) hold(element);
  std::erase_if(exacts_, [](const auto& entry) { return entry.second.claims.empty() && !entry.second.held; });
  std::erase_if(groups_,
                [](const auto& entry) { return entry.second.claims.empty() && entry.second.held.empty(); });
}

void Holdings::clear() {
  leases_.clear();
  exacts_.clear();
  groups_.clear();
}

}  // namespace sallyport
