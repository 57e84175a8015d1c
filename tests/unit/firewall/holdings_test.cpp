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

// Holdings together with a kernel that does as it is told.
struct World {
  Holdings holdings;
  using Key = std::tuple<LiveSet, Port, IpNumber>;
  std::map<Key, LiveElement> kernel;

  Holdings::Difference apply(const std::vector<Opening>& before, const std::vector<Opening>& after,
                             BootTime now) {
    auto difference = holdings.difference(before, after, now);
    for (const auto& element : difference.remove)
      REQUIRE(kernel.erase({element.set, element.port, element.first}) == 1);
    for (const auto& element : difference.add)
      REQUIRE(kernel.emplace(Key{element.set, element.port, element.first}, element).second);
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
  std::vector<LiveSet> sets;
  for (const auto& [key, element] : world.kernel) sets.push_back(element.set);
  CHECK(sets == std::vector{LiveSet::admitted4, LiveSet::dial4, LiveSet::entry6});
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
    if (random() % 3 == 0)
      world.remove(lease);
    else
      world.place(lease, openings);
    auto wanted = world.holdings.everything(kNow);
    std::ranges::sort(wanted);
    std::vector<LiveElement> held;
    for (const auto& [key, element] : world.kernel) held.push_back(element);
    std::ranges::sort(held);
    REQUIRE(held == wanted);
  }
  for (std::uint64_t lease = 1; lease <= 12; ++lease) world.remove(lease);
  CHECK(world.kernel.empty());
}
