// What the kernel must hold for all leases together. Runs in: tests.
#include "firewall/holdings.h"

#include <algorithm>
#include <map>
#include <random>

#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr BootTime kNow{std::chrono::hours{1}};

Opening entry(const char* network, BootTime until, std::uint16_t port = 22) {
  return {Opening::Way::entry, Network::parse(network).value(), Transport::tcp, Port{port}, until};
}
Opening dial(const char* address, BootTime until) {
  return {Opening::Way::dial, Network::parse(address).value(), Transport::tcp, Port{22}, until};
}
Opening forward(const char* from, const char* to, std::uint16_t port = 5026, bool translate_source = false) {
  return {Opening::Way::forward, Network::parse(from).value(), Transport::tcp,  Port{port},
          kNow + 1min,           Address::parse(to).value(),   translate_source};
}

// Holdings together with a kernel that does as it is told.
struct World {
  Holdings holdings;
  using Key = std::tuple<Passage::Kind, Family, Port, IpNumber>;
  std::map<Key, Passage> kernel;
  static Key key(const Passage& passage) {
    return {passage.kind, passage.family, passage.port, passage.first};
  }

  Holdings::Difference apply(const std::vector<Opening>& before, const std::vector<Opening>& after,
                             BootTime now) {
    auto difference = holdings.difference(before, after, now);
    for (const auto& passage : difference.remove) {
      const auto at = kernel.find(key(passage));
      REQUIRE(at != kernel.end());
      REQUIRE(at->second == passage);
      kernel.erase(at);
    }
    for (const auto& passage : difference.add) REQUIRE(kernel.emplace(key(passage), passage).second);
    holdings.settle(difference);
    return difference;
  }
  Holdings::Difference place(std::uint64_t lease, const std::vector<Opening>& after, BootTime now = kNow) {
    const auto before = holdings.place(lease, after);
    return apply(before, after, now);
  }
  Holdings::Difference remove(std::uint64_t lease, BootTime now = kNow) {
    return apply(holdings.remove(lease), {}, now);
  }
};

}  // namespace

TEST_CASE(
    "one address goes into the exact set, a network into the interval set, the gate's way into its own") {
  World world;
  world.place(1, {entry("192.0.2.7", kNow + 1min), entry("2001:db8::/64", kNow + 1min),
                  dial("198.51.100.9", kNow + 1min)});
  std::vector<Passage::Kind> kinds;
  for (const auto& [key, passage] : world.kernel) kinds.push_back(passage.kind);
  CHECK(kinds == std::vector{Passage::Kind::address, Passage::Kind::network, Passage::Kind::dial});
}

TEST_CASE("an address of two leases stays until the later one is closed") {
  World world;
  world.place(1, {entry("192.0.2.7", kNow + 1min)});
  const auto second = world.place(2, {entry("192.0.2.7", kNow + 2min)});
  CHECK(second.remove.size() == 1);  // adding again would not extend it
  CHECK(second.add.size() == 1);
  CHECK(world.place(3, {entry("192.0.2.7", kNow + 1min)}).empty());
  const auto gone = world.remove(2);
  REQUIRE(gone.add.size() == 1);
  CHECK(gone.add[0].until == kNow + 1min);
  CHECK(world.remove(1).empty());
  CHECK(world.remove(3).remove.size() == 1);
  CHECK(world.kernel.empty());
}

TEST_CASE("narrowing removes the network and adds the address in one difference") {
  World world;
  world.place(1, {entry("192.0.2.0/24", kNow + 1min)});
  const auto narrowed = world.place(1, {entry("192.0.2.7", kNow + 2min)});
  CHECK(narrowed.remove.size() == 1);
  CHECK(narrowed.add.size() == 1);
  CHECK(world.kernel.size() == 1);
}

TEST_CASE("other ports of the same network are not touched") {
  World world;
  world.place(1, {entry("192.0.2.0/24", kNow + 1min, 22)});
  const auto other = world.place(2, {entry("192.0.2.0/25", kNow + 2min, 443)});
  CHECK(other.remove.empty());
  CHECK(other.add.size() == 1);
}

TEST_CASE("a claim past its deadline is not put back when another closes") {
  World world;
  world.place(1, {entry("192.0.2.7", kNow + 1s)});
  world.place(2, {entry("192.0.2.7", kNow + 1min)});
  const auto gone = world.remove(2, kNow + 1s);
  CHECK(gone.remove.size() == 1);
  CHECK(gone.add.empty());
}

TEST_CASE("the same opening twice in one lease is closed with it") {
  World world;
  world.place(1, {entry("192.0.2.7", kNow + 1min), entry("192.0.2.7", kNow + 1min)});
  world.remove(1);
  CHECK(world.kernel.empty());
  CHECK(world.holdings.everything(kNow).empty());
}

TEST_CASE("what cannot be opened is refused with its reason") {
  CHECK(check_openings({entry("192.0.2.7", kNow + 1s)}, kNow));
  CHECK_FALSE(check_openings({entry("192.0.2.7", kNow)}, kNow));
  CHECK_FALSE(check_openings({entry("192.0.2.7", kNow + 5ms)}, kNow));  // less than the kernel can count
  CHECK_FALSE(check_openings({dial("198.51.100.0/24", kNow + 1s)}, kNow));
  CHECK_FALSE(check_openings({entry("192.0.2.7", kNow + 1s, 0)}, kNow));
}

TEST_CASE("a forward needs one address, a target of its family, and nobody else has a target") {
  CHECK(check_openings({forward("192.0.2.7", "198.51.100.9")}, kNow));
  CHECK_FALSE(check_openings({forward("192.0.2.0/24", "198.51.100.9")}, kNow));
  CHECK_FALSE(check_openings({forward("192.0.2.7", "2001:db8::9")}, kNow));
  auto to_nobody = forward("192.0.2.7", "198.51.100.9");
  to_nobody.target.reset();
  CHECK_FALSE(check_openings({to_nobody}, kNow));
  auto entry_with_target = entry("192.0.2.7", kNow + 1min);
  entry_with_target.target = Address::parse("198.51.100.9").value();
  CHECK_FALSE(check_openings({entry_with_target}, kNow));
}

TEST_CASE("a forward needs an element of each set on its way, and masks only where asked") {
  const auto sets = [](const Opening& opening) {
    std::vector<LiveSet> found;
    for (const auto set : kLiveSets)
      if (has_element(passage_of(opening), set)) found.push_back(set);
    return found;
  };
  using S = LiveSet;
  CHECK(sets(forward("192.0.2.7", "198.51.100.9")) == std::vector{S::translate, S::forwarded});
  CHECK(sets(forward("192.0.2.7", "198.51.100.9", 5026, true)) ==
        std::vector{S::translate, S::forwarded, S::masked});
  CHECK(sets(entry("192.0.2.7", kNow)) == std::vector{S::admitted});
  CHECK(sets(entry("192.0.2.0/24", kNow)) == std::vector{S::entry});
  CHECK(sets(dial("198.51.100.9", kNow)) == std::vector{S::dial});
}

TEST_CASE("one address and port of two leases leads to one target, in one way") {
  World world;
  const auto open = [&world](std::uint64_t lease, const std::vector<Opening>& openings) {
    if (!world.holdings.check_meanings(lease, openings)) return false;
    world.place(lease, openings);
    return true;
  };
  REQUIRE(open(1, {forward("192.0.2.7", "198.51.100.9")}));
  CHECK_FALSE(open(2, {forward("192.0.2.7", "198.51.100.10")}));
  CHECK_FALSE(open(2, {forward("192.0.2.7", "198.51.100.9", 5026, true)}));
  CHECK(open(2, {forward("192.0.2.7", "198.51.100.9")}));
  CHECK(open(3, {forward("192.0.2.8", "198.51.100.10"), forward("192.0.2.7", "198.51.100.10", 5027)}));
  CHECK_FALSE(open(4, {forward("192.0.2.9", "198.51.100.9"), forward("192.0.2.9", "198.51.100.10")}));
  SECTION("while one of them stays, closing the other changes nothing") {
    CHECK(world.remove(1).empty());
    CHECK_FALSE(open(4, {forward("192.0.2.7", "198.51.100.10")}));
    world.remove(2);
    CHECK(open(4, {forward("192.0.2.7", "198.51.100.10")}));
  }
  SECTION("a lease may change its own mind") {
    world.remove(2);
    CHECK(open(1, {forward("192.0.2.7", "198.51.100.10")}));
    REQUIRE(world.kernel.size() == 3);
    CHECK(world.kernel.begin()->second.target == IpNumber::of(Address::parse("198.51.100.10").value()));
  }
}

TEST_CASE("a port of the gate's own is not forwarded for the same address, whichever comes first") {
  World world;
  const auto fits = [&world](const Opening& opening) {
    return world.holdings.check_meanings(9, {opening}).has_value();
  };
  SECTION("the gate's own first") {
    world.place(1, {entry("192.0.2.7", kNow + 1min, 443), entry("203.0.113.0/24", kNow + 1min, 443)});
    CHECK_FALSE(fits(forward("192.0.2.7", "198.51.100.9", 443)));
    CHECK_FALSE(fits(forward("203.0.113.77", "198.51.100.9", 443)));
    CHECK(fits(forward("192.0.2.8", "198.51.100.9", 443)));
    CHECK(fits(forward("192.0.2.7", "198.51.100.9", 444)));
  }
  SECTION("the forward first") {
    world.place(1, {forward("192.0.2.7", "198.51.100.9", 443)});
    CHECK_FALSE(fits(entry("192.0.2.7", kNow + 1min, 443)));
    CHECK_FALSE(fits(entry("192.0.2.0/24", kNow + 1min, 443)));
    CHECK(fits(entry("192.0.2.8", kNow + 1min, 443)));
    CHECK(fits(entry("203.0.113.0/24", kNow + 1min, 443)));
    CHECK(fits(entry("192.0.2.0/24", kNow + 1min, 22)));
    world.remove(1);
    CHECK(fits(entry("192.0.2.0/24", kNow + 1min, 443)));
  }
  SECTION("both in one list") {
    CHECK_FALSE(world.holdings.check_meanings(
        9, {entry("192.0.2.0/24", kNow + 1min, 443), forward("192.0.2.7", "198.51.100.9", 443)}));
  }
}

TEST_CASE("who claims what, and where it leads") {
  World world;
  world.place(3, {entry("192.0.2.0/24", kNow + 1min), dial("198.51.100.8", kNow + 1min)});
  world.place(5, {entry("192.0.2.128/25", kNow + 2min), forward("192.0.2.7", "198.51.100.9")});
  std::vector<std::vector<std::uint64_t>> claimants;
  for (const auto& [key, passage] : world.kernel) claimants.push_back(world.holdings.claimants(passage));
  CHECK(claimants == std::vector<std::vector<std::uint64_t>>{{3}, {3, 5}, {3}, {5}});
  CHECK(world.holdings.targets() ==
        std::vector{Address::parse("198.51.100.8").value(), Address::parse("198.51.100.9").value()});
}

TEST_CASE("random leases leave in the kernel what everything() says, and nothing at the end") {
  std::mt19937 random{7};
  const std::vector<const char*> networks{"192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "192.0.2.64/26",
                                          "192.0.2.7",    "0.0.0.0/0",    "::/0",           "2001:db8::/32",
                                          "2001:db8::7",  "ffff::/16"};
  World world;
  for (int step = 0; step < 5000; ++step) {
    const std::uint64_t lease = 1 + random() % 12;
    std::vector<Opening> openings;
    for (auto i = random() % 3; i > 0; --i)
      openings.push_back(
          entry(networks[random() % networks.size()], kNow + std::chrono::minutes{1 + random() % 4}));
    if (random() % 2 == 0)
      openings.push_back(forward(random() % 2 == 0 ? "192.0.2.7" : "192.0.2.8",
                                 random() % 2 == 0 ? "198.51.100.9" : "198.51.100.10", 5026,
                                 random() % 2 == 0));
    if (random() % 3 == 0)
      world.remove(lease);
    else if (world.holdings.check_meanings(lease, openings))
      world.place(lease, openings);
    auto wanted = world.holdings.everything(kNow);
    std::ranges::sort(wanted);
    std::vector<Passage> held;
    for (const auto& [key, passage] : world.kernel) held.push_back(passage);
    std::ranges::sort(held);
    REQUIRE(held == wanted);
  }
  for (std::uint64_t lease = 1; lease <= 12; ++lease) world.remove(lease);
  CHECK(world.kernel.empty());
}
