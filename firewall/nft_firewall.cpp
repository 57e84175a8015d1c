// Runs in: sallyportd (privileged).
#include "firewall/nft_firewall.h"

#include <bit>

#include "base/log.h"
#include "firewall/baseline.h"

namespace sallyport {

Result<std::unique_ptr<NftFirewall>> NftFirewall::create(const Clock& clock, std::uint32_t mark_bit) {
  if (!std::has_single_bit(mark_bit)) return fail("packet mark {:#x} is not one bit", mark_bit);
  ASSIGN_OR_RETURN(auto live, LiveTable::create(mark_bit));
  return std::unique_ptr<NftFirewall>{new NftFirewall{clock, mark_bit, std::move(live)}};
}

Done NftFirewall::guard(const Guarded& guarded) {
  guarded_ = guarded;  // even if it fails: check_guard() then goes on failing
  return enforce_baseline(guarded, mark_bit_);
}

Done NftFirewall::check_guard() {
  if (!guarded_) return fail("table inet {} has not been loaded yet", kBaseTable);
  if (!live_) return fail("table inet {} was dropped after a failure", kLiveTable);
  RETURN_IF_ERROR(live_->check());
  return check_baseline(*guarded_, mark_bit_);
}

Result<Lease> NftFirewall::open(const std::vector<Opening>& openings) {
  RETURN_IF_ERROR(require_live_table());
  const auto now = clock_.boot();
  RETURN_IF_ERROR(check_openings(openings, now));
  const auto id = next_lease_++;
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
  RETURN_IF_ERROR(check_openings(openings, now));
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

Result<std::vector<std::string>> NftFirewall::inspect() { return live_element_lines(); }

Result<std::vector<std::string>> NftFirewall::residue() {
  return live_elements_beyond(holdings_.everything(clock_.boot()));
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
  ASSIGN_OR_RETURN(auto live, LiveTable::create(mark_bit_));
  live_.emplace(std::move(live));
  return {};
}

}  // namespace sallyport
