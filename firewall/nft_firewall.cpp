// Runs in: sallyportd (privileged).
#include "firewall/nft_firewall.h"

#include <algorithm>
#include <bit>
#include <set>

#include "base/log.h"
#include "firewall/baseline.h"
#include "firewall/conntrack.h"

namespace sallyport {

namespace {

std::vector<Address> gate_addresses(const std::optional<Guarded>& guarded) {
  std::vector<Address> addresses;
  if (guarded)
    for (const auto& service : guarded->services) addresses.push_back(service.address);
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

Guarded with_targets(Guarded guarded, const std::vector<Address>& more) {
  guarded.targets.insert(guarded.targets.end(), more.begin(), more.end());
  return guarded;
}

}  // namespace

Result<std::unique_ptr<NftFirewall>> NftFirewall::create(const Clock& clock, std::uint32_t mark_bit) {
  if (!std::has_single_bit(mark_bit)) return fail("packet mark {:#x} is not one bit", mark_bit);
  ASSIGN_OR_RETURN(auto live, LiveTable::create(mark_bit, {}));
  return std::unique_ptr<NftFirewall>{new NftFirewall{clock, mark_bit, std::move(live)}};
}

// A target that is no longer listed stays guarded as long as a lease leads to it: without that, closing the
// lease would not stop the flow.
Done NftFirewall::guard(const Guarded& guarded) {
  guarded_ =
      with_targets(guarded, holdings_.targets());  // even if it fails: check_guard() then goes on failing
  guarded_targets_ = guarded_->targets;
  std::ranges::sort(guarded_targets_);
  RETURN_IF_ERROR(enforce_baseline(*guarded_, mark_bit_));
  if (!live_) return {};
  const auto verdict = live_->set_gate(gate_addresses(guarded_));
  if (!verdict) return tl::unexpected{verdict.error("telling the firewall the gate's addresses")};
  return {};
}

Done NftFirewall::check_guard() {
  if (!guarded_) return fail("table inet {} has not been loaded yet", kBaseTable);
  if (!live_) return fail("table inet {} was dropped after a failure", kLiveTable);
  RETURN_IF_ERROR(live_->check());
  return check_baseline(*guarded_, mark_bit_);
}

Done NftFirewall::check(std::uint64_t lease, const std::vector<Opening>& openings, BootTime now) const {
  RETURN_IF_ERROR(check_openings(openings, now));
  for (const auto& opening : openings)
    if (opening.target && !std::ranges::binary_search(guarded_targets_, *opening.target))
      return fail("{}: {} is not guarded, so that closing would not stop its flows", text_of(opening),
                  opening.target->text());
  return holdings_.check_meanings(lease, openings);
}

Result<Lease> NftFirewall::open(const std::vector<Opening>& openings) {
  RETURN_IF_ERROR(require_live_table());
  const auto now = clock_.boot();
  const auto id = next_lease_++;
  RETURN_IF_ERROR(check(id, openings, now));
  holdings_.place(id, openings);
  const auto difference = holdings_.difference({}, openings, now);
  const auto verdict = live_->apply(difference, now);
  if (verdict) {
    holdings_.settle(difference);
    return Lease{*this, id};
  }
  holdings_.remove(id);
  if (verdict.outcome == Verdict::Outcome::unknown) make_kernel_agree("opening");
  return tl::unexpected{verdict.error("opening in the firewall")};
}

Done NftFirewall::change(Lease& lease, const std::vector<Opening>& openings) {
  RETURN_IF_ERROR(require_live_table());
  if (!lease || !holdings_.has(lease.id())) return fail("changing a lease that is no longer open");
  const auto now = clock_.boot();
  RETURN_IF_ERROR(check(lease.id(), openings, now));
  auto before = holdings_.place(lease.id(), openings);
  const auto difference = holdings_.difference(before, openings, now);
  const auto verdict = live_->apply(difference, now);
  if (verdict) {
    holdings_.settle(difference);
    return {};
  }
  holdings_.place(lease.id(), std::move(before));
  if (verdict.outcome == Verdict::Outcome::unknown) make_kernel_agree("changing a lease");
  return tl::unexpected{verdict.error("changing an opening in the firewall")};
}

void NftFirewall::close(std::uint64_t lease) noexcept {
  if (!live_ || !holdings_.has(lease)) return;  // dropped with the table
  const auto now = clock_.boot();
  const auto before = holdings_.remove(lease);
  const auto difference = holdings_.difference(before, {}, now);
  const auto verdict = live_->apply(difference, now);
  if (verdict) return holdings_.settle(difference);
  log_error("{}", verdict.error("closing in the firewall").message());
  make_kernel_agree("closing");
}

Result<std::vector<Traffic>> NftFirewall::traffic(const Lease& lease) {
  std::vector<Traffic> traffic;
  if (!live_ || !lease) return traffic;
  std::set<SetKey> seen;
  for (const auto& opening : holdings_.openings(lease.id())) {
    const auto passage = passage_of(opening);
    if (!is_counted(passage) || !seen.insert(key_of(passage)).second) continue;
    ASSIGN_OR_RETURN(const auto in, live_->volume(Meters::in, passage));
    ASSIGN_OR_RETURN(const auto out, live_->volume(Meters::out, passage));
    traffic.push_back({opening.transport, opening.port, in, out});
  }
  return traffic;
}

Result<std::size_t> NftFirewall::forget_flows(const std::vector<Opening>& forwards) {
  return destroy_flows(forwards);
}

namespace {

std::string name_of(const std::string& set, const Element& element) { return set + " " + element.text(); }

Volume volume_of(const std::map<SetKey, Volume>& volumes, const Passage& passage) {
  const auto at = volumes.find(key_of(passage));
  return at == volumes.end() ? Volume{} : at->second;
}

}  // namespace

// What the leases made the kernel hold, by set and element.
std::map<std::string, Passage> NftFirewall::told() const {
  std::map<std::string, Passage> told;
  for (const auto& passage : holdings_.held())
    for (const auto set : kLiveSets)
      if (has_element(passage, set))
        told[name_of(sallyport::name_of(set, passage.family), element_of(passage, set))] = passage;
  return told;
}

Result<std::vector<Held>> NftFirewall::held() {
  ASSIGN_OR_RETURN(const auto live, read_live_elements());
  const auto passages = told();
  std::vector<Held> all;
  for (const auto& element : live.elements) {
    Held one{element.set, element.text(),  std::chrono::milliseconds{element.milliseconds}, {}, {},
             {},          line_of(element)};
    if (const auto at = passages.find(name_of(element.set, element)); at != passages.end()) {
      one.leases = holdings_.claimants(at->second);
      if (is_counted(at->second)) {
        one.in = volume_of(live.in, at->second);
        one.out = volume_of(live.out, at->second);
      }
    }
    all.push_back(std::move(one));
  }
  std::ranges::sort(all, {}, &Held::text);
  return all;
}

Result<std::vector<std::string>> NftFirewall::inspect() {
  ASSIGN_OR_RETURN(auto all, held());
  std::vector<std::string> lines;
  for (auto& one : all) lines.push_back(std::move(one.text));
  return lines;
}

// An element whose deadline passes while we look is no residue.
Result<std::vector<std::string>> NftFirewall::residue() {
  ASSIGN_OR_RETURN(auto all, held());
  std::vector<std::string> lines;
  for (auto& one : all)
    if (one.leases.empty() && one.left > kShortestLife) lines.push_back(std::move(one.text));
  return lines;
}

// After a batch that failed to close, or whose fate is unknown, the kernel may hold more than the leases
// (I4). Nothing is remembered for later, because "later" may be hours of an open door: the sets are at once
// refilled with what the leases claim, in one batch. If even that fails, the table's socket is closed and the
// kernel removes the table. That needs no memory, no batch and no answer, so it cannot fail. Every session is
// then refused, those without fault too: closed too much, never open too much. Their leases are void:
// changing one fails, closing one does nothing, check_guard() fails until open() has made a new table.
void NftFirewall::make_kernel_agree(std::string_view why) {
  const auto now = clock_.boot();
  const auto all = holdings_.everything(now);
  const auto verdict = live_->refill(all, now);
  if (verdict) return holdings_.settle_all(all);
  log_error("{} after {}: every opening is closed", verdict.error("refilling the firewall").message(), why);
  live_.reset();
  holdings_.clear();
}

Done NftFirewall::require_live_table() {
  if (live_) return {};
  ASSIGN_OR_RETURN(auto live, LiveTable::create(mark_bit_, gate_addresses(guarded_)));
  live_.emplace(std::move(live));
  return {};
}

}  // namespace sallyport
