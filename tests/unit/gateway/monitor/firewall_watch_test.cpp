// Foreign hands in the gate's firewall: what is repaired, who is put out, what the journal says. Runs in:
// tests.
#include "gateway/monitor/firewall_watch.h"

#include <algorithm>

#include "gateway/monitor/closed_table.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/reload.h"
#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_firewall.h"
#include "tests/fakes/memory_journal.h"
#include "tests/fakes/temporary_folder.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const Address kRep = *Address::parse("192.0.2.10"), kOther = *Address::parse("192.0.2.11");
const Port kSsh{22};

Permit permit_from(const Address& source) {
  Permit permit;
  permit.rep = "kim";
  permit.target = "hmc1";
  permit.policy = "hmc";
  permit.services = {Service{}};
  permit.services.front().name = "ssh";
  permit.services.front().port = Port{22};
  permit.services.front().carriage = Carriage::ssh;
  permit.networks = {Network::of(source)};
  permit.connect_within = 30min;
  permit.session = 4h;
  permit.idle = 30min;
  permit.failed_logins = 3;
  return permit;
}

// A gate with a session from kRep and a grant armed for kOther. It has no addresses of its own to listen at.
struct House {
  FakeClock clock;
  SystemRandom random;
  Loop loop;
  TemporaryFolder state;
  Options options;
  MemoryFirewall firewall{clock};
  MemoryJournal journal{clock};
  Ledger ledger = *Ledger::replay(journal, clock, random);
  RecordingStore recordings = *RecordingStore::open(state.path());
  Throttle throttle{clock, {}};
  Gate gate{loop, clock,    random, options,    1,        clock.wall(), {},
            {},   firewall, ledger, recordings, throttle, {},           Doors{firewall, {kSsh, {}}},
            {},   {},       {},     {},         {},       {},           {}};
  FirewallKeeper keeper{gate};
  GrantId active, armed;

  House() {
    gate.listener = std::make_unique<Listener>(loop, [](UniqueFd, const Endpoint&, const Endpoint&) {});
    REQUIRE(firewall.guard(guarded_by(gate.catalogue)));
    active = open_for(kRep);
    REQUIRE(claim(gate, active, {kRep, 50000}, kNoPeer));
    armed = open_for(kOther);
  }
  GrantId open_for(const Address& source) {
    const auto id = *ledger.enable(permit_from(source), {1000, "alice"});
    REQUIRE(gate.doors.follow(*ledger.find(id.value()), ledger.deadline(id)));
    return id;
  }
  void harm() { firewall.check_error = Error{"table inet sallyport_base is not what was asked for"}; }
  bool enters(const Address& source) const { return firewall.passes(Opening::Way::entry, source, kSsh); }
  GrantState state_of(const GrantId& id) const { return ledger.find(id.value())->state; }
  std::vector<Record> told() const {
    std::vector<Record> records;
    for (const auto& line : journal.lines)
      if (auto record = *parse_line(line);
          record.event == "firewall.changed" || record.event == "firewall.repaired")
        records.push_back(record);
    return records;
  }
};

FirewallNews news_of(TableChange::Kind kind, bool removed) {
  return {{{{{"inet sallyport_base", kind, removed, 1}}, 4711, "nft"}}, false};
}

}  // namespace

TEST_CASE("while all is as it should be nothing is touched and nothing is told") {
  House house;
  house.keeper.look();
  FirewallNews news;
  news.acts.push_back({{{"ip filter", TableChange::Kind::rule, false, 1}}, 4711, "nft"});
  house.keeper.consider(news);
  CHECK(house.told().empty());
  CHECK(house.state_of(house.active) == GrantState::active);
}

TEST_CASE("an edit of the base table is repaired, told with who it was, and ends nobody") {
  House house;
  house.firewall.guarded = Guarded{{}, {kRep}};
  house.harm();
  house.keeper.consider(news_of(TableChange::Kind::rule, false));
  CHECK(house.firewall.guarded->targets.empty());  // guarded again
  CHECK(house.state_of(house.active) == GrantState::active);
  CHECK(house.enters(kRep));
  CHECK(house.enters(kOther));
  REQUIRE(house.told().size() == 1);
  const auto record = house.told()[0];
  CHECK(record.event == "firewall.repaired");
  CHECK(record.fields["process"] == "nft");
  CHECK(record.fields["pid"] == 4711);
  CHECK(record.fields["what"] == nlohmann::json{"inet sallyport_base: 1 rule added or changed"});
}

TEST_CASE("the removal of the base table ends every session; what is armed stays") {
  House house;
  house.harm();
  house.keeper.consider(news_of(TableChange::Kind::table, true));
  CHECK(house.state_of(house.active) == GrantState::spent);
  CHECK(house.ledger.find(house.active.value())->end_reason ==
        "the gate's firewall rules were changed by somebody else");
  CHECK_FALSE(house.enters(kRep));
  CHECK(house.state_of(house.armed) == GrantState::armed);
  CHECK(house.enters(kOther));
  REQUIRE(house.told().size() == 2);
  CHECK(house.told()[0].event == "firewall.changed");
  CHECK(house.told()[1].event == "firewall.repaired");
}

TEST_CASE("what nobody was seen to do, or only half seen, is taken for the worst") {
  House house;
  house.harm();
  SECTION("found by the tick") { house.keeper.look(); }
  SECTION("after an overrun") {
    auto news = news_of(TableChange::Kind::rule, false);
    news.overrun = true;
    house.keeper.consider(news);
  }
  CHECK(house.state_of(house.active) == GrantState::spent);
  CHECK(house.state_of(house.armed) == GrantState::armed);
}

TEST_CASE("what cannot be repaired ends every session and lets nobody in until it can") {
  House house;
  house.harm();
  house.firewall.guard_error = Error{"no"};
  house.firewall.open_error = Error{"no"};
  house.keeper.consider(news_of(TableChange::Kind::rule, true));
  CHECK(house.state_of(house.active) == GrantState::spent);
  CHECK(house.state_of(house.armed) == GrantState::armed);
  REQUIRE(house.told().size() == 1);
  CHECK(house.told()[0].event == "firewall.changed");
  SECTION("told once, however long it lasts") {
    house.harm();
    house.firewall.guard_error = Error{"no"};
    house.firewall.open_error = Error{"no"};
    house.keeper.look();
    CHECK(house.told().size() == 1);
  }
  house.keeper.look();
  CHECK(house.told().back().event == "firewall.repaired");
  CHECK(house.enters(kOther));
  house.keeper.look();
  CHECK(house.told().size() == 2);
}

TEST_CASE("when the live table is lost, armed grants are opened anew and sessions end") {
  House house;
  house.firewall.leases.clear();
  house.harm();
  house.keeper.look();
  CHECK(house.state_of(house.active) == GrantState::spent);
  CHECK(house.state_of(house.armed) == GrantState::armed);
  CHECK(house.enters(kOther));
  CHECK_FALSE(house.enters(kRep));
}

TEST_CASE("the doors of an armed grant are opened anew, but not past its deadline") {
  House house;
  house.firewall.leases.clear();
  CHECK(reopen_doors(house.gate));
  CHECK(house.enters(kOther));
  house.firewall.leases.clear();
  house.clock.advance(31min);
  CHECK(reopen_doors(house.gate));
  CHECK(house.state_of(house.armed) == GrantState::armed);  // its end is the tick's business
  CHECK_FALSE(house.enters(kOther));
}

TEST_CASE("a touch that changed nothing is told, and an overrun with a residue too") {
  House house;
  house.keeper.consider(news_of(TableChange::Kind::set, false));
  REQUIRE(house.told().size() == 1);
  CHECK(house.told()[0].event == "firewall.changed");
  house.keeper.consider({{}, true});
  CHECK(house.told().size() == 1);
  house.firewall.left_over = {"entry 192.0.2.99"};
  house.keeper.consider({{}, true});
  REQUIRE(house.told().size() == 2);
  CHECK(house.told()[1].fields["found"].get<std::string>().find("192.0.2.99") != std::string::npos);
  CHECK(house.state_of(house.active) == GrantState::active);
}

TEST_CASE("a hundred changes of one act are named up to a limit") {
  House house;
  FirewallNews news;
  for (int i = 0; i < 100; ++i)
    news.acts.push_back(
        {{{"inet sallyport_base", TableChange::Kind::rule, false, 1}}, 4711 + std::uint32_t(i), "x"});
  house.keeper.consider(news);
  REQUIRE(house.told().size() == 1);
  const auto what = house.told()[0].fields["what"];
  CHECK(what.size() == 17);
  CHECK(what[1] == "inet sallyport_base: 1 rule added or changed by x (process 4712)");
  CHECK(what.back() == "and 84 more");
}

TEST_CASE("the deny side is kept for the next boot") {
  House house;
  house.gate.catalogue.settings.addresses = {kRep};
  REQUIRE(store_closed_table(house.state.path(), house.gate.catalogue));
  REQUIRE(store_closed_table(house.state.path(), house.gate.catalogue));
  const auto text = contents_of(house.state.path() / "firewall" / "closed.nft");
  CHECK(text.find("\nadd table inet sallyport_base\ndelete table inet sallyport_base\n") !=
        std::string::npos);
  CHECK(text.find("192.0.2.10 . tcp . 22") != std::string::npos);
}
