// MemoryFirewall: a Firewall that only remembers. A test looks at what is open and makes the next act fail.
// Runs in: tests.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "firewall/firewall.h"
#include "firewall/holdings.h"

namespace sallyport {

class MemoryFirewall final : public Firewall {
 public:
  explicit MemoryFirewall(const Clock& clock) : clock_(clock) {}

  Done guard(const Guarded& asked) override {
    RETURN_IF_ERROR(take(guard_error));
    guarded = asked;
    return {};
  }
  Done check_guard() override {
    RETURN_IF_ERROR(take(check_error));
    if (!guarded) return fail("nothing is guarded yet");
    return {};
  }
  Result<Lease> open(const std::vector<Opening>& openings) override {
    RETURN_IF_ERROR(take(open_error));
    RETURN_IF_ERROR(check_openings(openings, clock_.boot()));
    leases.emplace(++last_lease_, openings);
    ++opened;
    return Lease{*this, last_lease_};
  }
  Done change(Lease& lease, const std::vector<Opening>& openings) override {
    RETURN_IF_ERROR(take(change_error));
    RETURN_IF_ERROR(check_openings(openings, clock_.boot()));
    if (!lease || !leases.contains(lease.id())) return fail("changing a lease that is no longer open");
    leases[lease.id()] = openings;
    return {};
  }
  Result<std::vector<std::string>> inspect() override {
    std::vector<std::string> lines;
    for (const auto& opening : open_now()) lines.push_back(text_of(opening));
    std::ranges::sort(lines);
    return lines;
  }

  Result<std::vector<std::string>> residue() override { return left_over; }

  // What passes at the clock's time: the kernel's deadlines are kept here too.
  std::vector<Opening> open_now() const {
    std::vector<Opening> open;
    for (const auto& [id, openings] : leases)
      for (const auto& opening : openings)
        if (opening.until > clock_.boot()) open.push_back(opening);
    return open;
  }
  // Would a packet of `source` to the gate's `port` (entry), or of the gate to `source`'s (dial), pass now?
  bool passes(Opening::Way way, const Address& address, Port port,
              Transport transport = Transport::tcp) const {
    const auto open = open_now();
    return std::ranges::any_of(open, [&](const Opening& opening) {
      return opening.way == way && opening.transport == transport && opening.port == port &&
             opening.network.contains(address);
    });
  }
  static std::string text_of(const Opening& opening) {
    return fmt::format("{} {} . {} . {}", opening.way == Opening::Way::entry ? "entry" : "dial",
                       opening.network.text(), to_text(opening.transport), opening.port.value());
  }

  // Set one and the next call of that kind fails with it, once.
  std::optional<Error> guard_error, check_error, open_error, change_error;

  std::vector<std::string> left_over;  // what residue() reports
  std::optional<Guarded> guarded;
  std::map<std::uint64_t, std::vector<Opening>> leases;
  int opened = 0;  // how often open() succeeded
  int closed = 0;  // how often a lease was closed

 private:
  void close(std::uint64_t lease) noexcept override { closed += static_cast<int>(leases.erase(lease)); }
  static Done take(std::optional<Error>& error) {
    if (!error) return {};
    return tl::unexpected{*std::exchange(error, std::nullopt)};
  }

  const Clock& clock_;
  std::uint64_t last_lease_ = 0;
};

}  // namespace sallyport
