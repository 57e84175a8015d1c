// Holdings: whose lease opens what, and what the kernel must hold for all of them together. Pure.
// Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "firewall/coverage.h"
#include "firewall/firewall.h"
#include "firewall/passage.h"

namespace sallyport {

class Holdings {
 public:
  struct Difference {
    std::vector<Passage> remove;  // before `add`: a changed deadline is in both
    std::vector<Passage> add;
    bool empty() const noexcept { return remove.empty() && add.empty(); }
  };

  bool has(std::uint64_t lease) const { return leases_.contains(lease); }
  // What the lease claims; nothing of an unknown one.
  const std::vector<Opening>& openings(std::uint64_t lease) const;
  // A packet can have one meaning only. Refuses openings that give one that another lease, or another of the
  // openings, gives a different one: the same port forwarded for the same address to another target or with
  // another source, or forwarded as well as the gate's own.
  Done check_meanings(std::uint64_t lease, const std::vector<Opening>& openings) const;
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
  std::vector<Passage> everything(BootTime now) const;
  void settle_all(const std::vector<Passage>& held);
  // What the kernel was told to hold, past its deadline or not: after the machine was suspended it does
  // still.
  std::vector<Passage> held() const;
  // The leases that claim (some of) this passage, in ascending order.
  std::vector<std::uint64_t> claimants(const Passage& passage) const;
  // Where the gate or a rep is let through to, each once.
  std::vector<Address> targets() const;
  // The kernel holds nothing and no lease claims anything.
  void clear();

 private:
  struct ExactKey {
    Passage::Kind kind;
    Family family;
    Transport transport;
    Port port;
    IpNumber address;
    auto operator<=>(const ExactKey&) const = default;
  };
  struct ExactHash {
    std::size_t operator()(const ExactKey& key) const noexcept;
  };
  // One address's way: until when who claims it, and what the kernel holds for it. The way to a target is
  // claimed by every session there, so claims are in order. All of them lead to the same place:
  // check_meanings().
  struct Exact {
    std::multiset<std::pair<BootTime, std::uint64_t>> claims;
    IpNumber target;
    bool translate_source = false;
    std::optional<Passage> held;
  };
  struct Claim {
    std::uint64_t lease;
    Range range;
  };
  // The networks of one family, transport and port. Of different ports they never overlap.
  struct GroupKey {
    Family family;
    Transport transport;
    Port port;
    auto operator<=>(const GroupKey&) const = default;
  };
  struct Group {
    std::vector<Claim> claims;
    std::map<IpNumber, Range> held;  // by first address
  };

  static ExactKey exact_key(const Passage& passage);
  static GroupKey group_key(const Passage& passage);
  static std::vector<Range> desired(const std::vector<Claim>& claims, BootTime now);
  static std::optional<Passage> desired(const ExactKey& key, const Exact& exact, BootTime now);
  static Passage passage(const GroupKey& key, const Range& range);
  static void compare(const ExactKey& key, const Exact& exact, BootTime now, Difference& out);
  static void compare(const GroupKey& key, const Group& group, BootTime now, Difference& out);
  void hold(const Passage& passage);
  void let_go(const Passage& passage);
  void claim(std::uint64_t lease, const Passage& passage);
  void unclaim(std::uint64_t lease, const Passage& passage);
  bool clashes(std::uint64_t lease, const Passage& passage) const;
  bool has_other_claim(std::uint64_t lease, const ExactKey& key) const;
  bool is_in_network(std::uint64_t lease, const Passage& forward) const;
  bool covers_forward(std::uint64_t lease, const Passage& network) const;

  std::unordered_map<std::uint64_t, std::vector<Opening>> leases_;
  std::unordered_map<ExactKey, Exact, ExactHash> exacts_;
  std::map<GroupKey, Group> groups_;
  std::map<GroupKey, std::size_t> forwards_;  // how many claims forward this port, of any address
};

}  // namespace sallyport
