// Doors: what the kernel is asked to hold for a grant in each of its states (I4). Runs in: tests.
#include "gateway/monitor/doors.h"

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_firewall.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

struct House {
  FakeClock clock;
  MemoryFirewall firewall{clock};
  Doors doors{firewall, {Port{22}, Port{443}}};
  Grant grant;
  BootTime until = clock.boot() + 30min;

  House() {
    grant.id = GrantId{"g-1"};
    grant.services = {Service{}};
    grant.services.front().carriage = Carriage::ssh;
    grant.networks = {*Network::parse("192.0.2.0/24"), *Network::parse("2001:db8:1::/64")};
  }
  bool enters(const char* address) const {
    return firewall.passes(Opening::Way::entry, *Address::parse(address), Port{22});
  }
  void claim() {
    grant.state = GrantState::active;
    grant.peer = *Endpoint::parse("192.0.2.10:50000");
  }
};

}  // namespace

TEST_CASE(
    "I4: an armed grant lets its networks in, an active one its rep's address only, an ended one nobody") {
  House house;
  CHECK_FALSE(house.enters("192.0.2.10"));
  REQUIRE(house.doors.follow(house.grant, house.until));
  CHECK(house.enters("192.0.2.10"));
  CHECK(house.enters("192.0.2.77"));
  CHECK(house.enters("2001:db8:1::7"));
  CHECK_FALSE(house.enters("203.0.113.1"));

  house.claim();
  REQUIRE(house.doors.follow(house.grant, house.until));
  CHECK(house.enters("192.0.2.10"));
  CHECK_FALSE(house.enters("192.0.2.77"));
  CHECK_FALSE(house.enters("2001:db8:1::7"));

  for (const auto state : {GrantState::expired, GrantState::locked, GrantState::revoked, GrantState::spent}) {
    house.grant.state = state;
    REQUIRE(house.doors.follow(house.grant, house.until));
    CHECK(house.firewall.open_now().empty());
  }
}

TEST_CASE("a grant opens the doors of its services, and no other") {
  House house;
  const auto enters = [&](Port port) {
    return house.firewall.passes(Opening::Way::entry, *Address::parse("192.0.2.10"), port);
  };
  auto& service = house.grant.services.front();
  SECTION("SSH") {
    REQUIRE(house.doors.follow(house.grant, house.until));
    CHECK(enters(Port{22}));
    CHECK_FALSE(enters(Port{443}));
  }
  SECTION("HTTPS, at the gate's own port whatever the target's is") {
    service.carriage = Carriage::https;
    service.port = Port{8443};
    REQUIRE(house.doors.follow(house.grant, house.until));
    CHECK_FALSE(enters(Port{22}));
    CHECK(enters(Port{443}));
    CHECK_FALSE(enters(Port{8443}));
  }
  SECTION("both") {
    house.grant.services.push_back(service);
    house.grant.services.back().carriage = Carriage::https;
    REQUIRE(house.doors.follow(house.grant, house.until));
    CHECK(enters(Port{22}));
    CHECK(enters(Port{443}));
    house.claim();
    REQUIRE(house.doors.follow(house.grant, house.until));
    CHECK(enters(Port{443}));
  }
  SECTION("what the kernel forwards is no door") {
    service.carriage = Carriage::forward;
    REQUIRE(house.doors.follow(house.grant, house.until));
    CHECK(house.firewall.open_now().empty());
  }
  SECTION("a gate without an HTTPS door opens none") {
    service.carriage = Carriage::https;
    CHECK(entry_openings(house.grant, {Port{22}, {}}, house.until).empty());
  }
}

TEST_CASE("an opening ends with its deadline by itself") {
  House house;
  REQUIRE(house.doors.follow(house.grant, house.until));
  house.clock.advance(30min);
  CHECK_FALSE(house.enters("192.0.2.10"));
}

TEST_CASE("a grant that is pending or scheduled opens nothing") {
  House house;
  for (const auto state : {GrantState::pending, GrantState::scheduled}) {
    house.grant.state = state;
    CHECK(entry_openings(house.grant, {Port{22}, Port{443}}, house.until).empty());
  }
}

TEST_CASE("I3: the way to the target is open from open_dial to close, and not before") {
  House house;
  const auto target = *Address::parse("198.51.100.20");
  house.claim();
  REQUIRE(house.doors.follow(house.grant, house.until));
  CHECK_FALSE(house.firewall.passes(Opening::Way::dial, target, Port{22}));
  REQUIRE(house.doors.open_dial(house.grant.id, {target}, Port{22}, house.until));
  CHECK(house.firewall.passes(Opening::Way::dial, target, Port{22}));
  SECTION("close_ways leaves the rep's way open, so that the rep can be told why") {
    house.doors.close_ways(house.grant.id);
    CHECK_FALSE(house.firewall.passes(Opening::Way::dial, target, Port{22}));
    CHECK(house.enters("192.0.2.10"));
  }
  SECTION("close ends both") {
    house.doors.close(house.grant.id);
    CHECK(house.firewall.open_now().empty());
    CHECK_FALSE(house.doors.is_open(house.grant.id));
  }
}

TEST_CASE("a firewall that fails leaves the grant as closed as it was") {
  House house;
  house.firewall.open_error = Error{"no"};
  CHECK_FALSE(house.doors.follow(house.grant, house.until));
  CHECK_FALSE(house.doors.is_open(house.grant.id));
  REQUIRE(house.doors.follow(house.grant, house.until));
  house.claim();
  house.firewall.change_error = Error{"no"};
  CHECK_FALSE(house.doors.follow(house.grant, house.until));
}
