// Failed logins on a grant: whom they close out, when they lock, and unlocking.
#include "gateway/core/failed_logins.h"

#include "gateway/core/ledger.h"
#include "tests/catch.h"
#include "tests/unit/gateway/core/desk.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

Endpoint from(const std::string& address) { return {*Address::parse(address), 50000}; }

void fail_often(Ledger& ledger, const GrantId& id, const std::string& address, int times) {
  for (int i = 0; i < times; ++i) ledger.count_failure(id, from(address), {"login.failed"});
}

}  // namespace

TEST_CASE("a source that fails too often is closed out, and nobody else, also after a restart") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  fail_often(desk.ledger, id, "192.0.2.66", 2);
  CHECK(desk.ledger.admissible("kim", "", *Address::parse("192.0.2.66")) != nullptr);
  fail_often(desk.ledger, id, "192.0.2.66", 1);
  CHECK(desk.journal.last().event == "grant.barred");
  const auto records = desk.journal.lines.size();
  fail_often(desk.ledger, id, "192.0.2.66", 500);  // all of it counts no more
  CHECK(desk.journal.lines.size() == records + 500);
  CHECK(desk.state(id) == GrantState::armed);
  CHECK(desk.ledger.admissible("kim", "", *Address::parse("192.0.2.66")) == nullptr);
  CHECK(desk.ledger.admissible("kim", "", kPeer.address) != nullptr);
  CHECK(desk.ledger.awaited("kim", "", *Address::parse("192.0.2.66"))->id == id);
  auto restarted = desk.restart();
  CHECK(restarted.admissible("kim", "", *Address::parse("192.0.2.66")) == nullptr);
  CHECK_FALSE(restarted.claim(id, from("192.0.2.66")));
  CHECK(restarted.claim(id, kPeer));
}

TEST_CASE("an IPv6 source is its /64, so that more addresses are no more tries and lock no one out") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for("kim", "hmc1", {"2001:db8:1::/48"}), kAlice);
  for (int i = 0; i < 40; ++i) fail_often(desk.ledger, id, "2001:db8:1:66::" + std::to_string(i + 1), 1);
  CHECK(desk.state(id) == GrantState::armed);
  CHECK(desk.ledger.admissible("kim", "", *Address::parse("2001:db8:1:66::ffff")) == nullptr);
  CHECK(desk.ledger.admissible("kim", "", *Address::parse("2001:db8:1:67::1")) != nullptr);
}

TEST_CASE("failed logins from several sources lock a grant, and a locked one admits nobody") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  fail_often(desk.ledger, id, "192.0.2.66", 3);
  fail_often(desk.ledger, id, "192.0.2.67", 3);
  fail_often(desk.ledger, id, "192.0.2.68", 2);
  CHECK(desk.state(id) == GrantState::armed);
  fail_often(desk.ledger, id, "192.0.2.69", 1);
  CHECK(desk.state(id) == GrantState::locked);
  CHECK_FALSE(desk.restart().claim(id, kPeer));
}

TEST_CASE("where a grant's networks hold fewer sources than it takes, all of them failing locks it") {
  const auto [networks, failures] =
      GENERATE(table<std::vector<std::string>, int>({{{"192.0.2.66/32"}, 3},
                                                     {{"192.0.2.66/32", "2001:db8::66/128"}, 6},
                                                     {{"192.0.2.66/31"}, 6},
                                                     {{"2001:db8::/64"}, 3},
                                                     {{"2001:db8::/63"}, 6},
                                                     {{"192.0.2.64/30"}, 9},
                                                     {{"0.0.0.0/0", "::/0"}, 9}}));
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for("kim", "hmc1", networks), kAlice);
  for (int i = 0; i < failures - 1; ++i)
    fail_often(desk.ledger, id, "192.0.2." + std::to_string(66 + i / 3), 1);
  CHECK(desk.state(id) == GrantState::armed);
  fail_often(desk.ledger, id, "192.0.2." + std::to_string(66 + (failures - 1) / 3), 1);
  CHECK(desk.state(id) == GrantState::locked);
}

TEST_CASE("unlocking forgets the failures and gives the time that is left, no more") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for("kim", "hmc1", {"192.0.2.10/32"}), kAlice);
  fail_often(desk.ledger, id, "192.0.2.10", 3);
  REQUIRE(desk.state(id) == GrantState::locked);
  desk.clock.advance(10min);
  const auto opened_before = desk.ledger.deadline(id);
  SECTION("at once") {}
  SECTION("after a restart") { desk.ledger = desk.restart(); }
  REQUIRE(desk.ledger.unlock(id, "alice", "caps lock"));
  CHECK(desk.journal.last().event == "grant.unlocked");
  CHECK(desk.state(id) == GrantState::armed);
  CHECK(desk.ledger.deadline(id) == opened_before);
  fail_often(desk.ledger, id, "192.0.2.10", 2);
  CHECK(desk.state(id) == GrantState::armed);
  CHECK(desk.restart().claim(id, kPeer));
}

TEST_CASE("what is over, active or too late is not unlocked") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for("kim", "hmc1", {"192.0.2.10/32"}), kAlice);
  SECTION("too late") {
    fail_often(desk.ledger, id, "192.0.2.10", 3);
    desk.clock.advance(30min);
    CHECK(desk.ledger.due() == std::vector{id});
    CHECK_FALSE(desk.ledger.unlock(id, "alice", ""));
    desk.ledger.expire(id);
    CHECK(desk.state(id) == GrantState::expired);
  }
  SECTION("active") { REQUIRE(desk.ledger.claim(id, kPeer)); }
  SECTION("revoked") { desk.ledger.revoke(id, "alice", ""); }
  SECTION("revoked while it was locked") {
    fail_often(desk.ledger, id, "192.0.2.10", 3);
    desk.ledger.revoke(id, "alice", "");
    CHECK(desk.state(id) == GrantState::revoked);
  }
  const auto state = desk.state(id);
  CHECK_FALSE(desk.ledger.unlock(id, "alice", ""));
  CHECK(desk.state(id) == state);
}

TEST_CASE("failed logins on a full disk are counted, but leave the reserve to closing records") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for("kim", "hmc1", {"192.0.2.10/32"}), kAlice);
  desk.journal.full = true;
  const auto records = desk.journal.lines.size();
  fail_often(desk.ledger, id, "192.0.2.10", 3);
  CHECK(desk.state(id) == GrantState::locked);
  CHECK(desk.journal.lines.size() == records + 1);
  CHECK(desk.journal.last().event == "grant.locked");
}
