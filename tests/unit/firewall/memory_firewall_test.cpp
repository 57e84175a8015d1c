// The fake that other tests stand on keeps the Firewall's promises. Runs in: tests.
#include "tests/fakes/memory_firewall.h"

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const auto kRep = Address::parse("192.0.2.7").value();
Opening entry(const char* network, BootTime until) {
  return {Opening::Way::entry, Network::parse(network).value(), Transport::tcp, Port{22}, until};
}

}  // namespace

TEST_CASE("a lease closes what it opened") {
  FakeClock clock;
  MemoryFirewall firewall{clock};
  {
    const auto lease = firewall.open({entry("192.0.2.0/24", clock.boot() + 1min)});
    REQUIRE(lease);
    CHECK(firewall.passes(Opening::Way::entry, kRep, Port{22}));
    CHECK_FALSE(firewall.passes(Opening::Way::dial, kRep, Port{22}));
  }
  CHECK(firewall.open_now().empty());
  CHECK(firewall.closed == 1);
}

TEST_CASE("a deadline closes by itself") {
  FakeClock clock;
  MemoryFirewall firewall{clock};
  const auto lease = firewall.open({entry("192.0.2.7", clock.boot() + 1min)});
  clock.advance(1min);
  CHECK(firewall.open_now().empty());
  CHECK_FALSE(firewall.open({entry("192.0.2.7", clock.boot())}));
}

TEST_CASE("a failure that a test asked for happens once and leaves things as they were") {
  FakeClock clock;
  MemoryFirewall firewall{clock};
  firewall.open_error = Error{"no room"};
  CHECK_FALSE(firewall.open({entry("192.0.2.7", clock.boot() + 1min)}));
  CHECK(firewall.open_now().empty());
  auto lease = firewall.open({entry("192.0.2.0/24", clock.boot() + 1min)});
  REQUIRE(lease);
  firewall.change_error = Error{"no room"};
  CHECK_FALSE(firewall.change(*lease, {entry("192.0.2.7", clock.boot() + 1min)}));
  CHECK(firewall.open_now().front().network.prefix_length() == 24);
  CHECK(firewall.change(*lease, {entry("192.0.2.7", clock.boot() + 1min)}));
  CHECK(firewall.open_now().front().network.prefix_length() == 32);
}

TEST_CASE(
    "the fake refuses two meanings of one port, counts what a test says, and remembers what was forgotten") {
  FakeClock clock;
  MemoryFirewall firewall{clock};
  const auto forward = [&clock](const char* target) {
    return Opening{Opening::Way::forward, Network::of(kRep),
                   Transport::udp,        Port{657},
                   clock.boot() + 1min,   Address::parse(target).value()};
  };
  auto lease = firewall.open({forward("198.51.100.9")});
  REQUIRE(lease);
  CHECK_FALSE(firewall.open({forward("198.51.100.10")}));
  firewall.volumes[{Transport::udp, Port{657}}] = {{2, 80}, {1, 40}};
  const auto traffic = firewall.traffic(*lease).value();
  REQUIRE(traffic.size() == 1);
  CHECK(traffic[0].in == Volume{2, 80});
  const auto held = firewall.held().value();
  REQUIRE(held.size() == 1);
  CHECK(held[0].key == "192.0.2.7/32 . udp . 657 : 198.51.100.9");
  CHECK(held[0].leases == std::vector{lease->id()});
  lease->close();
  CHECK(firewall.open({forward("198.51.100.10")}));
  CHECK(firewall.forget_flows({forward("198.51.100.9")}).value() == 1);
  CHECK(firewall.forgotten.size() == 1);
}
