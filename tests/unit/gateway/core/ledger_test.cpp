// The ledger: one use a grant (I2), journal before effect (I5), state by replay. Runs in: tests.
#include "gateway/core/ledger.h"

#include "tests/catch.h"
#include "tests/unit/gateway/core/desk.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

Permit permit_to_forward() {
  Permit permit = permit_for();
  Service ssh, rmc;
  ssh.name = "ssh";
  ssh.carriage = Carriage::ssh;
  ssh.port = Port{22};
  rmc.name = "rmc";
  rmc.transports = {Transport::tcp, Transport::udp};
  rmc.port = Port{657};
  rmc.reach = Reach::managed_system;
  rmc.translate_source = true;
  permit.services = {ssh, rmc};
  permit.managed_system = "s1022-a";
  return permit;
}

}  // namespace

TEST_CASE("I2: a grant admits one session and never another") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  REQUIRE(desk.ledger.claim(id, kPeer));
  CHECK(desk.state(id) == GrantState::active);
  SECTION("a second claim while it runs is refused") { CHECK_FALSE(desk.ledger.claim(id, kPeer)); }
  SECTION("a second claim after its end is refused") {
    desk.ledger.finish(id, "the rep left", "", {1, 2});
    CHECK(desk.state(id) == GrantState::spent);
    CHECK_FALSE(desk.ledger.claim(id, kPeer));
  }
  SECTION("a claim after a restart is refused, and the session has ended") {
    auto ledger = desk.restart();
    CHECK(ledger.find(id.value())->state == GrantState::spent);
    CHECK(ledger.find(id.value())->end_reason == "gateway restarted");
    CHECK_FALSE(ledger.claim(id, kPeer));
  }
  SECTION("setting the clock back does not give it back") {
    desk.clock.set_wall(desk.clock.wall() - 24h);
    auto ledger = desk.restart();
    CHECK_FALSE(ledger.claim(id, kPeer));
  }
}

TEST_CASE("I2: of two gates that share a journal only one gets the claim") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  auto rival = desk.restart();
  REQUIRE(rival.claim(id, kPeer));
  const auto claimed = desk.ledger.claim(id, kPeer);
  REQUIRE_FALSE(claimed);
  CHECK(desk.state(id) == GrantState::active);  // it has read what the rival wrote
}

TEST_CASE("I5: what cannot be journaled does not happen") {
  Desk desk;
  SECTION("enable") {
    desk.journal.full = true;
    CHECK_FALSE(desk.ledger.enable(permit_for(), kAlice));
    CHECK(desk.ledger.grants().empty());
  }
  SECTION("claim") {
    const auto id = *desk.ledger.enable(permit_for(), kAlice);
    desk.journal.full = true;
    CHECK_FALSE(desk.ledger.claim(id, kPeer));
    CHECK(desk.state(id) == GrantState::armed);
  }
}

TEST_CASE("closing takes effect even when the journal is broken, and is recorded when it works again") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  REQUIRE(desk.ledger.claim(id, kPeer));
  desk.journal.broken = true;
  desk.ledger.finish(id, "the rep left", "", {});
  CHECK(desk.state(id) == GrantState::spent);
  CHECK(desk.ledger.has_unwritten());
  CHECK_FALSE(desk.ledger.enable(permit_for("lee"), kAlice));
  desk.journal.broken = false;
  desk.ledger.retry_unwritten();
  CHECK_FALSE(desk.ledger.has_unwritten());
  CHECK(desk.journal.last().event == "session.ended");
  CHECK(desk.restart().find(id.value())->state == GrantState::spent);
}

TEST_CASE("an armed grant comes back from the journal with what is left of its time") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  desk.clock.advance(10min);
  auto ledger = desk.restart();
  CHECK(ledger.find(id.value())->state == GrantState::armed);
  CHECK(ledger.deadline(id) - desk.clock.boot() == 20min);
  SECTION("never more than it was given, wherever the wall clock was set") {
    desk.clock.set_wall(desk.clock.wall() - 100h);
    CHECK(desk.restart().deadline(id) - desk.clock.boot() <= 30min);
  }
  SECTION("every field is the same as before") {
    const Grant before = *desk.ledger.find(id.value()), after = *ledger.find(id.value());
    CHECK(after.networks == before.networks);
    CHECK(after.ticket == "CHG-1");
    CHECK(after.session_limit == before.session_limit);
    CHECK(after.failed_logins_limit == before.failed_logins_limit);
    CHECK(after.connect_by == before.connect_by);
  }
}

TEST_CASE("a grant's services and managed system come back from the journal") {
  Desk desk;
  const auto permit = permit_to_forward();
  const auto id = *desk.ledger.enable(permit, kAlice);
  CHECK(desk.ledger.find(id.value())->services == permit.services);
  const auto ledger = desk.restart();
  CHECK(ledger.find(id.value())->services == permit.services);
  CHECK(ledger.find(id.value())->managed_system == "s1022-a");
  CHECK(desk.journal.last().fields["services"] ==
        nlohmann::json::parse(R"([{"name":"ssh","carriage":"ssh","transports":["tcp"],"port":22},
          {"name":"rmc","carriage":"forward","transports":["tcp","udp"],"port":657,"reach":"managed-system",
           "translate_source":true}])"));
}

TEST_CASE("a grant of a journal from before services is SSH, and nothing else") {
  Desk desk;
  REQUIRE(desk.ledger.enable(permit_to_forward(), kAlice));
  auto fields = desk.journal.last().fields;
  fields.erase("services");
  fields.erase("managed_system");
  Desk old;
  REQUIRE(old.journal.append({"grant.enabled", fields}, Weight::opening));
  const auto ledger = old.restart();
  const auto& grant = *ledger.find(fields["grant"].get<std::string>());
  REQUIRE(grant.services.size() == 1);
  CHECK(grant.services[0].name == "ssh");
  CHECK(grant.services[0].carriage == Carriage::ssh);
  CHECK(grant.services[0].port == Port{22});
  CHECK(grant.managed_system == "");
}

TEST_CASE("services that no journal of ours says are refused") {
  Desk desk;
  REQUIRE(desk.ledger.enable(permit_to_forward(), kAlice));
  const auto good = desk.journal.last().fields;
  const auto is_refused = [&](const char* path, const nlohmann::json& value) {
    auto fields = good;
    fields[nlohmann::json::json_pointer{path}] = value;
    Desk other;
    REQUIRE(other.journal.append({"grant.enabled", fields}, Weight::opening));
    return !Ledger::replay(other.journal, other.clock, other.random);
  };
  CHECK_FALSE(is_refused("/services/0/port", 2222));
  CHECK(is_refused("/services", 1));
  CHECK(is_refused("/services/0", "ssh"));
  CHECK(is_refused("/services/0/name", 1));
  CHECK(is_refused("/services/0/port", 0));
  CHECK(is_refused("/services/0/port", 65536));
  CHECK(is_refused("/services/0/carriage", "telnet"));
  CHECK(is_refused("/services/0/carriage", nullptr));
  CHECK(is_refused("/services/1/transports", nlohmann::json::array()));
  CHECK(is_refused("/services/1/transports/0", "sctp"));
  CHECK(is_refused("/services/1/reach", "partition"));
  CHECK(is_refused("/services/1/translate_source", "yes"));
  CHECK(is_refused("/managed_system", 7));
}

TEST_CASE("what passed through each service is in the record of the end, and comes back from it") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_to_forward(), kAlice);
  REQUIRE(desk.ledger.claim(id, kPeer));
  const std::vector<ServiceTraffic> traffic{{"ssh", Transport::tcp, 10, 1000, 12, 4000},
                                            {"rmc", Transport::udp, 1, 60, 0, 0}};
  SECTION("as counted") {
    desk.ledger.finish(id, "the rep left", "", {1, 2, traffic});
    CHECK(desk.ledger.find(id.value())->traffic == traffic);
    CHECK(desk.restart().find(id.value())->traffic == traffic);
    CHECK(desk.journal.last().fields["traffic"][1] ==
          nlohmann::json::parse(R"({"service":"rmc","transport":"udp","in_packets":1,"in_bytes":60,
            "out_packets":0,"out_bytes":0})"));
  }
  SECTION("nothing counted is not in the record") {
    desk.ledger.finish(id, "the rep left", "", {1, 2});
    CHECK_FALSE(desk.journal.last().fields.contains("traffic"));
    CHECK(desk.restart().find(id.value())->traffic.empty());
  }
  SECTION("a number that JSON readers disagree about is bounded") {
    desk.ledger.finish(id, "the rep left", "", {1, 2, {{"ssh", Transport::tcp, ~0ULL, ~0ULL, ~0ULL, ~0ULL}}});
    CHECK(desk.restart().find(id.value())->traffic.at(0).out_bytes == kLargestNumber);
  }
}

TEST_CASE("a grant that was not used in time admits nobody") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  desk.clock.advance(30min);
  CHECK(desk.ledger.due() == std::vector{id});
  CHECK_FALSE(desk.ledger.claim(id, kPeer));
  CHECK(desk.ledger.admissible("kim", "", kPeer.address) == nullptr);
  desk.ledger.expire(id);
  CHECK(desk.state(id) == GrantState::expired);
}

TEST_CASE("a session whose target was not reached gives the grant back, within its time") {
  Desk desk;
  auto permit = permit_for();
  SECTION("by default") {
    const auto id = *desk.ledger.enable(permit, kAlice);
    REQUIRE(desk.ledger.claim(id, kPeer));
    desk.clock.advance(1min);
    REQUIRE(desk.ledger.release(id, "refused"));
    CHECK(desk.state(id) == GrantState::armed);
    CHECK(desk.ledger.deadline(id) - desk.clock.boot() == 29min);
    CHECK(desk.ledger.claim(id, kPeer));
  }
  SECTION("but not where the policy counts it as use") {
    permit.failed_dial_spends = true;
    const auto id = *desk.ledger.enable(permit, kAlice);
    REQUIRE(desk.ledger.claim(id, kPeer));
    CHECK_FALSE(desk.ledger.release(id, "refused"));
    CHECK(desk.state(id) == GrantState::active);
  }
  SECTION("and never once the target let the rep in") {
    const auto id = *desk.ledger.enable(permit, kAlice);
    REQUIRE(desk.ledger.claim(id, kPeer));
    REQUIRE(desk.ledger.connected(id, {kPeer.address, {}, {}}));
    CHECK_FALSE(desk.ledger.release(id, "refused"));
    CHECK(desk.state(id) == GrantState::active);
  }
}

TEST_CASE("whatever counters a worker claims, the gate can start again") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  REQUIRE(desk.ledger.claim(id, kPeer));
  desk.ledger.finish(id, "the rep left", "", {~std::uint64_t{0}, std::uint64_t{1} << 53});
  const auto restarted = Ledger::replay(desk.journal, desk.clock, desk.random);
  REQUIRE(restarted);
  CHECK(restarted->find(id.value())->state == desk.state(id));
}

TEST_CASE(
    "I6: a recording that a killed gate left open is known after the restart, and only until it is closed") {
  Desk desk;
  REQUIRE(desk.ledger.note({"session.channel", {{"session", "s-1"}, {"channel", 1}, {"recording", "r"}}}));
  REQUIRE(desk.ledger.note({"session.channel", {{"session", "s-1"}, {"channel", 2}}}));
  auto ledger = desk.restart();
  CHECK(ledger.open_recordings() == std::set{std::pair{std::string{"s-1"}, std::uint32_t{1}}});
  ledger.note_closing({"recording.closed", {{"session", "s-1"}, {"channel", 1}}});
  CHECK(ledger.open_recordings().empty());
  CHECK(desk.restart().open_recordings().empty());
}

TEST_CASE("giving a grant back does not lengthen it, however the wall clock is set") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  const auto deadline = desk.ledger.deadline(id);
  REQUIRE(desk.ledger.claim(id, kPeer));
  desk.clock.set_wall(desk.clock.wall() - 100h);
  REQUIRE(desk.ledger.release(id, "refused"));
  CHECK(desk.ledger.deadline(id) <= deadline);
}

TEST_CASE("a rep is admitted by a grant of its own, from its networks, and gets the one that ends first") {
  Desk desk;
  auto late = permit_for("kim", "hmc2");
  late.connect_within = 60min;
  const auto second = *desk.ledger.enable(late, kAlice);
  const auto first = *desk.ledger.enable(permit_for(), kAlice);
  const auto inside = *Address::parse("192.0.2.10"), outside = *Address::parse("203.0.113.9");
  REQUIRE(desk.ledger.admissible("kim", "", inside));
  CHECK(desk.ledger.admissible("kim", "", inside)->id == first);
  CHECK(desk.ledger.admissible("kim", "hmc2", inside)->id == second);
  CHECK(desk.ledger.admissible("kim", "", *Address::parse("2001:db8:1::9")) != nullptr);
  CHECK(desk.ledger.admissible("kim", "", outside) == nullptr);
  CHECK(desk.ledger.admissible("lee", "", inside) == nullptr);
  CHECK(desk.ledger.admissible("", "", inside) == nullptr);
}

TEST_CASE("a revoked session stays revoked, and its end is recorded once") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  REQUIRE(desk.ledger.claim(id, kPeer));
  desk.ledger.revoke(id, "alice", "wrong ticket");
  CHECK(desk.state(id) == GrantState::revoked);
  desk.ledger.finish(id, "revoked", "alice", {5, 6});
  desk.ledger.finish(id, "again", "", {});
  CHECK(desk.state(id) == GrantState::revoked);
  CHECK(desk.ledger.find(id.value())->from_target == 6);
  CHECK(std::ranges::count(desk.journal.events(), "session.ended") == 1);
  SECTION("also when the gate died in between") {
    Desk other;
    const auto died = *other.ledger.enable(permit_for(), kAlice);
    REQUIRE(other.ledger.claim(died, kPeer));
    other.ledger.revoke(died, "alice", "");
    auto ledger = other.restart();
    CHECK(ledger.find(died.value())->state == GrantState::revoked);
    CHECK(other.journal.last().event == "session.ended");
  }
}

TEST_CASE("a journal that tells what cannot have happened is refused") {
  FakeClock clock;
  SystemRandom random;
  MemoryJournal journal{clock};
  REQUIRE(journal.append({"grant.claimed", {{"grant", "g-none"}, {"session", "s-1"}}}, Weight::opening));
  CHECK_FALSE(Ledger::replay(journal, clock, random));
}

TEST_CASE("every move between states that the table does not list is refused") {
  const std::array states{GrantState::pending, GrantState::scheduled, GrantState::armed,   GrantState::active,
                          GrantState::expired, GrantState::locked,    GrantState::revoked, GrantState::spent};
  for (const auto state : states) {
    CHECK(grant_state_from(to_text(state)) == state);
    if (is_terminal(state)) CHECK_FALSE(next(state, GrantEvent::claim));
    if (state != GrantState::armed) CHECK_FALSE(next(state, GrantEvent::claim));
  }
}

TEST_CASE("I2: while the gate runs, setting the wall clock changes no deadline") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  const auto deadline = desk.ledger.deadline(id);
  const auto jump = GENERATE(1h, -1h);
  desk.clock.set_wall(desk.clock.wall() + jump);
  CHECK(desk.ledger.deadline(id) == deadline);
  desk.clock.advance(29min);
  CHECK(desk.ledger.due().empty());
  CHECK(desk.ledger.admissible("kim", "", kPeer.address) != nullptr);
  SECTION("unused it ends in time") {
    desk.clock.advance(1min);
    CHECK(desk.ledger.due() == std::vector{id});
    CHECK_FALSE(desk.ledger.claim(id, kPeer));
  }
  SECTION("used it admits nobody else, and its session lasts no longer") {
    REQUIRE(desk.ledger.claim(id, kPeer));
    desk.clock.set_wall(desk.clock.wall() - 2 * jump);
    CHECK_FALSE(desk.ledger.claim(id, kPeer));
    CHECK(desk.ledger.admissible("kim", "", kPeer.address) == nullptr);
    CHECK(desk.ledger.deadline(id) == desk.clock.boot() + 4h);
    CHECK_FALSE(desk.restart().claim(id, kPeer));
  }
}

TEST_CASE("I2: over a restart a clock that was set back gives an armed grant no time that it had used up") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  desk.clock.advance(20min);
  desk.ledger.note_closing({"gateway.stopped"});
  desk.clock.set_wall(desk.clock.wall() - 1h);
  auto ledger = desk.restart();
  CHECK(ledger.deadline(id) - desk.clock.boot() == 10min);
  SECTION("nor over the next one, when it is right again") {
    desk.clock.advance(5min);
    REQUIRE(ledger.note({"gateway.started"}));
    desk.clock.set_wall(desk.clock.wall() + 1h);
    CHECK(desk.restart().deadline(id) - desk.clock.boot() <= 5min);
  }
}

TEST_CASE("a clock that was set forward ends a grant early over a restart, and does not touch later ones") {
  Desk desk;
  const auto id = *desk.ledger.enable(permit_for(), kAlice);
  desk.clock.set_wall(desk.clock.wall() + 1h);
  CHECK(desk.restart().due() == std::vector{id});
  desk.ledger.note_closing({"gateway.stopped"});
  desk.clock.set_wall(desk.clock.wall() - 1h);
  const auto later = *desk.ledger.enable(permit_for("lee"), kAlice);
  CHECK(desk.restart().deadline(later) - desk.clock.boot() == 30min);
}

TEST_CASE("what a policy wants of a signature is kept with the grant, over a restart too") {
  Desk desk;
  auto permit = permit_for();
  permit.user_verification = GENERATE(true, false);
  const auto id = *desk.ledger.enable(permit, kAlice);
  CHECK(desk.ledger.find(id.value())->user_verification == permit.user_verification);
  CHECK(desk.restart().find(id.value())->user_verification == permit.user_verification);
}

TEST_CASE("a suspension and a security key's counter outlive a restart") {
  Desk desk;
  REQUIRE(desk.ledger.note({"rep.suspended", {{"rep", "kim"}, {"by", "alice"}}}));
  REQUIRE(desk.ledger.note({"login.accepted", {{"rep", "kim"}, {"key", "SHA256:a"}, {"key_counter", 7}}}));
  CHECK(desk.ledger.reps().is_suspended("kim"));
  const auto ledger = desk.restart();
  CHECK(ledger.reps().is_suspended("kim"));
  CHECK_FALSE(ledger.reps().counter_has_risen("kim", "SHA256:a", 7));
}

TEST_CASE("a device's counter goes on over a restart, and begins anew with a new secret") {
  Desk desk;
  REQUIRE(desk.ledger.note({"login.accepted", {{"rep", "kim"}, {"counter", 7}}}));
  CHECK(desk.restart().counter_of("kim") == 7);
  CHECK(desk.restart().counter_of("lee") == 0);
  const auto* const event = GENERATE("rep.enrolled", "rep.removed");
  REQUIRE(desk.ledger.note({event, {{"rep", "kim"}}}));
  CHECK(desk.ledger.counter_of("kim") == 0);
  CHECK(desk.restart().counter_of("kim") == 0);
}
