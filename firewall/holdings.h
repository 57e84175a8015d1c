// Holdings: whose lease opens what, and what the kernel must hold for all of them together. Pure.
// Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "firewall/coverage.h"
#include "firewall/firewall.h"

namespace sallyport {

// The sets of the live table. One address goes into a hash set, whose cost does not grow with the number of
// sessions; a wider network needs an interval set.
enum class LiveSet : std::uint8_t { admitted4, admitted6, dial4, dial6, entry4, entry6 };

const char* to_text(LiveSet set) noexcept;
Family family_of(LiveSet set) noexcept;

// One element of a live set.
struct LiveElement {
  LiveSet set = LiveSet::admitted4;
  IpNumber first;
  IpNumber last;  // equal to first except in entry4, entry6
  Transport transport = Transport::tcp;
  Port port;
  BootTime until;
  auto operator<=>(const LiveElement&) const = default;
};

// The kernel counts deadlines in ticks (10 ms at HZ=100), and takes a timeout that rounds down to no tick for
// none at all. What has less time left than this is therefore past.
constexpr std::chrono::milliseconds kShortestLife{20};

// Refuses what cannot be opened: past its deadline, a dial to more than one address, port 0.
Done check_openings(const std::vector<Opening>& openings, BootTime now);

class Holdings {
 public:
  struct Difference {
    std::vector<LiveElement> remove;  // before `add`: a changed deadline is in both
    std::vector<LiveElement> add;
    bool empty() const noexcept { return remove.empty() && add.empty(); }
  };

  bool has(std::uint64_t lease) const { return leases_.contains(lease); }
  // Makes `lease` claim `openings` instead of what it claimed, which is returned. The caller has checked
  // them.
  std::vector<Opening> place(std::uint64_t lease, std::vector<Opening> openings);
  // As place({}), and the lease is forgotten.
  std::vector<Opening> remove(std::uint64_t lease);

  // What the kernel lacks or has too much of, among what the two lists touch. Exact addresses cost the same
  // however many other leases there are.
  Difference difference(const std::vector<Opening>& before, const std::vector<Opening>& after,
                        BootTime now) const;
  // The kernel has done it.
  void settle(const Difference& done);

  // Everything that the kernel must hold; and: the kernel holds exactly this.
  std::vector<LiveElement> everything(BootTime now) const;
  void settle_all(const std::vector<LiveElement>& held);
  // The kernel holds nothing and no lease claims anything.
  void clear();

 private:
  struct ExactKey {
    LiveSet set;
    Transport transport;
    Port port;
    IpNumber address;
    auto operator<=>(const ExactKey&) const = default;
  };
  struct ExactHash {
    std::size_t operator()(const ExactKey& key) const noexcept;
  };
  struct Claim {
    std::uint64_t lease;
    Range range;
  };
  // An address of a hash set: who claims it, and until when the kernel holds it.
  struct Exact {
    std::vector<Claim> claims;
    std::optional<BootTime> held;
  };
  // The networks of one interval set, transport and port. Of different ports they never overlap.
  struct GroupKey {
    LiveSet set;
    Transport transport;
    Port port;
    auto operator<=>(const GroupKey&) const = default;
  };
  struct Group {
    std::vector<Claim> claims;
    std::map<IpNumber, Range> held;  // by first address
  };

  static bool is_exact(const Opening& opening);
  static ExactKey exact_key(const Opening& opening);
  static GroupKey group_key(const Opening& opening);
  static std::vector<Range> desired(const std::vector<Claim>& claims, BootTime now);
  static void compare(const ExactKey& key, const Exact& exact, BootTime now, Difference& out);
  static void compare(const GroupKey& key, const Group& group, BootTime now, Difference& out);
  void hold(const LiveElement& element);
  void let_go(const LiveElement& element);
  void claim(std::uint64_t lease, const Opening& opening);
  void unclaim(std::uint64_t lease, const Opening& opening);

  std::unordered_map<std::uint64_t, std::vector<Opening>> leases_;
  std::unordered_map<ExactKey, Exact, ExactHash> exacts_;
  std::map<GroupKey, Group> groups_;
};

}  // namespace sallyport
