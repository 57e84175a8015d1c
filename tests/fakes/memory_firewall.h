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
    RETURN_IF_ERROR(holdings_.check_meanings(last_lease_ + 1, openings));
    leases.emplace(++last_lease_, openings);
    holdings_.place(last_lease_, openings);
    ++opened;
    return Lease{*this, last_lease_};
  }
  Done change(Lease& lease, const std::vector<Opening>& openings) override {
    RETURN_IF_ERROR(take(change_error));
    RETURN_IF_ERROR(check_openings(openings, clock_.boot()));
    if (!lease || !leases.contains(lease.id())) return fail("changing a lease that is no longer open");
    RETURN_IF_ERROR(holdings_.check_meanings(lease.id(), openings));
    leases[lease.id()] = openings;
    holdings_.place(lease.id(), openings);
    return {};
  }
  // What a test has put into `volumes`; nothing passed elsewhere.
  Result<std::vector<Traffic>> traffic(const Lease& lease) override {
    RETURN_IF_ERROR(take(traffic_error));
    std::vector<Traffic> all;
    const auto at = leases.find(lease.id());
    if (!lease || at == leases.end()) return all;
    for (const auto& opening : at->second) {
      if (opening.way == Opening::Way::dial || opening.network.first() != opening.network.last()) continue;
      const auto [in, out] = volumes[{opening.transport, opening.port}];
      all.push_back({opening.transport, opening.port, in, out});
    }
    return all;
  }
  Result<std::size_t> forget_flows(const std::vector<Opening>& forwards) override {
    RETURN_IF_ERROR(take(forget_error));
    forgotten.insert(forgotten.end(), forwards.begin(), forwards.end());
    return forwards.size();
  }
  // One element for each opening, without a counter.
  Result<std::vector<Held>> held() override {
    std::vector<Held> all;
    for (const auto& [id, openings] : leases)
      for (const auto& opening : openings)
        if (opening.until > clock_.boot()) all.push_back(held_of(id, opening));
    std::ranges::sort(all, {}, &Held::text);
    return all;
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
    return fmt::format("{} {}", way_of(opening), key_of(opening));
  }

  // Set one and the next call of that kind fails with it, once.
  std::optional<Error> guard_error, check_error, open_error, change_error, traffic_error, forget_error;

  std::map<std::pair<Transport, Port>, std::pair<Volume, Volume>> volumes;  // what passed: in, out
  std::vector<Opening> forgotten;                                           // by forget_flows()
  std::vector<std::string> left_over;                                       // what residue() reports
  std::optional<Guarded> guarded;
  std::map<std::uint64_t, std::vector<Opening>> leases;
  int opened = 0;  // how often open() succeeded
  int closed = 0;  // how often a lease was closed

 private:
  void close(std::uint64_t lease) noexcept override {
    closed += static_cast<int>(leases.erase(lease));
    holdings_.remove(lease);
  }
  static const char* way_of(const Opening& opening) {
    switch (opening.way) {
      case Opening::Way::entry:
        return "entry";
      case Opening::Way::dial:
        return "dial";
      case Opening::Way::forward:
        break;
    }
    return "forward";
  }
  static std::string key_of(const Opening& opening) {
    const auto key =
        fmt::format("{} . {} . {}", opening.network.text(), to_text(opening.transport), opening.port.value());
    return opening.target ? key + " : " + opening.target->text() : key;
  }
  Held held_of(std::uint64_t lease, const Opening& opening) const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(opening.until - clock_.boot());
    return {way_of(opening), key_of(opening), left, {}, {}, {lease}, text_of(opening)};
  }
  static Done take(std::optional<Error>& error) {
    if (!error) return {};
    return tl::unexpected{*std::exchange(error, std::nullopt)};
  }

  const Clock& clock_;
  Holdings holdings_;  // for what it refuses
  std::uint64_t last_lease_ = 0;
};

}  // namespace sallyport
