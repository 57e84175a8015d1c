// NftFirewall: the Firewall of the running kernel, through nftables. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "firewall/firewall.h"
#include "firewall/holdings.h"
#include "firewall/live_table.h"

namespace sallyport {

// One per network namespace: a second one, of this or another process, is refused by the kernel. It must
// outlive its leases. Deadlines are kept by the kernel in time that stands still while the machine is
// suspended; the caller's own timers (BootTime) close what a suspension has made late.
class NftFirewall final : public Firewall {
 public:
  // `mark_bit`: the one bit of the packet mark that is ours. Takes away whatever an earlier owner left open.
  static Result<std::unique_ptr<NftFirewall>> create(const Clock& clock, std::uint32_t mark_bit);

  Done guard(const Guarded& guarded) override;
  Done check_guard() override;
  Result<Lease> open(const std::vector<Opening>& openings) override;
  Done change(Lease& lease, const std::vector<Opening>& openings) override;
  Result<std::vector<Traffic>> traffic(const Lease& lease) override;
  Result<std::size_t> forget_flows(const std::vector<Opening>& forwards) override;
  Result<std::vector<Held>> held() override;
  Result<std::vector<std::string>> inspect() override;
  Result<std::vector<std::string>> residue() override;

 private:
  NftFirewall(const Clock& clock, std::uint32_t mark_bit, LiveTable live)
      : clock_(clock), mark_bit_(mark_bit), live_(std::move(live)) {}
  void close(std::uint64_t lease) noexcept override;

  Done require_live_table();
  Done check(std::uint64_t lease, const std::vector<Opening>& openings, BootTime now) const;
  std::map<std::string, Passage> told() const;
  void make_kernel_agree(std::string_view why);

  const Clock& clock_;
  std::uint32_t mark_bit_;
  std::optional<LiveTable> live_;  // none after a failure that left no other way to close
  std::optional<Guarded> guarded_;
  std::vector<Address> guarded_targets_;  // sorted
  Holdings holdings_;
  std::uint64_t next_lease_ = 1;
};

}  // namespace sallyport
