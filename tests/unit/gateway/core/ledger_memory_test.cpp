// What the ledger keeps of grants that are over: the last of them, whatever the history. Runs in: tests.
#include "gateway/core/ledger.h"
#include "tests/catch.h"
#include "tests/unit/gateway/core/desk.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMany = Ledger::kEndedKept + 40;

struct Busy : Desk {
  GrantId enable() { return *ledger.enable(permit_for(), kAlice); }

  // A grant that has had its session. A session may end long after later grants have.
  GrantId spent() {
    const auto id = enable();
    REQUIRE(ledger.claim(id, kPeer));
    ledger.finish(id, "the rep left", "", {1, 2});
    return id;
  }
  std::vector<GrantId> many_spent() {
    std::vector<GrantId> ids;
    for (std::size_t i = 0; i < kMany; ++i) ids.push_back(spent());
    return ids;
  }
};

}  // namespace

TEST_CASE("of many grants that are over, memory keeps those that ended last, after a restart the same") {
  Busy desk;
  SECTION("with a journal in one piece") {}
  SECTION("with a journal in segments") { desk.journal.records_a_segment = 400; }
  const auto ids = desk.many_spent();
  CHECK(desk.ledger.grants().size() == kMany);  // none goes while somebody may be looking at it
  desk.ledger.forget_ended();
  auto restarted = desk.restart();
  for (const Ledger* const ledger : {&std::as_const(desk.ledger), &std::as_const(restarted)}) {
    CHECK(ledger->grants().size() == Ledger::kEndedKept);
    for (std::size_t i = 0; i < kMany; ++i)
      CHECK((ledger->find(ids[i].value()) != nullptr) == (i >= kMany - Ledger::kEndedKept));
  }
  const auto next = *restarted.enable(permit_for(), kAlice);
  restarted.revoke(next, "alice", "");
  restarted.forget_ended();
  CHECK(restarted.find(ids[kMany - Ledger::kEndedKept].value()) == nullptr);
  CHECK(restarted.find(ids[kMany - Ledger::kEndedKept + 1].value()) != nullptr);
}

TEST_CASE("however a grant ended, it is forgotten in its turn") {
  Busy desk;
  const auto revoked = desk.enable(), expired = desk.enable(), cut = desk.enable();
  desk.ledger.revoke(revoked, "alice", "");
  desk.clock.advance(1min);
  desk.ledger.expire(expired);
  REQUIRE(desk.ledger.claim(cut, kPeer));
  desk.ledger.revoke(cut, "alice", "");
  desk.ledger.finish(cut, "revoked by alice", "alice", {});
  desk.many_spent();
  desk.ledger.forget_ended();
  for (const auto& id : {revoked, expired, cut}) CHECK(desk.ledger.find(id.value()) == nullptr);
}

TEST_CASE("I2: a grant that is not over is never forgotten, however many have ended since") {
  Busy desk;
  const auto armed = desk.enable(), active = desk.enable(), revoked = desk.enable();
  REQUIRE(desk.ledger.claim(active, kPeer));
  REQUIRE(desk.ledger.claim(revoked, kPeer));
  desk.ledger.revoke(revoked, "alice", "");  // its session is still on its way out
  desk.many_spent();
  desk.ledger.forget_ended();
  CHECK(desk.ledger.find(armed.value())->state == GrantState::armed);
  CHECK(desk.ledger.find(active.value())->state == GrantState::active);
  CHECK(desk.ledger.deadline(active) == desk.clock.boot() + 4h);
  CHECK(desk.ledger.find(revoked.value())->state == GrantState::revoked);
  desk.ledger.finish(revoked, "revoked by alice", "alice", {});
  CHECK(desk.journal.last().fields["grant"] == revoked.value());
  CHECK(desk.ledger.claim(armed, kPeer));
}

TEST_CASE("I2: a forgotten grant admits nobody, and takes no record but a failed login's") {
  Busy desk;
  const auto id = desk.spent();
  const auto session = desk.ledger.find(id.value())->session;
  desk.many_spent();
  desk.ledger.forget_ended();
  const auto before = desk.journal.lines.size();
  CHECK(desk.ledger.find(session) == nullptr);
  CHECK_FALSE(desk.ledger.claim(id, kPeer));
  CHECK_FALSE(desk.ledger.connected(id, {kPeer.address, {}, {}}));
  CHECK_FALSE(desk.ledger.release(id, "refused"));
  CHECK_FALSE(desk.ledger.unlock(id, "alice", ""));
  desk.ledger.revoke(id, "alice", "");
  desk.ledger.expire(id);
  desk.ledger.finish(id, "the rep left", "", {});
  CHECK(desk.journal.lines.size() == before);
  CHECK(desk.ledger.deadline(id) == BootTime{});
  // A rep who was asked for its response before the end may fail after it.
  desk.ledger.count_failure(id, kPeer, {"login.failed", {{"rep", "kim"}}});
  CHECK(desk.journal.last().event == "login.failed");
  CHECK(desk.journal.lines.size() == before + 1);
  CHECK(Ledger::replay(desk.journal, desk.clock, desk.random));
}

TEST_CASE("an end that the journal had no room for is forgotten in its turn, and recorded all the same") {
  Busy desk;
  const auto id = desk.enable();
  REQUIRE(desk.ledger.claim(id, kPeer));
  desk.journal.broken = true;
  desk.ledger.finish(id, "the rep left", "", {});
  desk.journal.broken = false;
  desk.many_spent();
  desk.ledger.forget_ended();
  CHECK(desk.ledger.find(id.value()) == nullptr);
  CHECK(std::ranges::count(desk.journal.events(), "session.ended") == static_cast<std::ptrdiff_t>(kMany + 1));
}
