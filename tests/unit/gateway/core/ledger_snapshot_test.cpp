// A start from the last snapshot knows what one from the first record would: grants, counters, recordings,
// and how much of its time each grant has used up. Runs in: tests.
#include <algorithm>
#include <random>

#include "gateway/audit/segment.h"
#include "gateway/core/grant_snapshot.h"
#include "gateway/core/ledger.h"
#include "tests/catch.h"
#include "tests/unit/gateway/core/desk.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

Permit full_permit(const std::string& rep) {
  auto permit = permit_for(rep);
  permit.reason = "fan";
  permit.managed_system = "s1022-a";
  Service rmc;
  rmc.name = "rmc";
  rmc.transports = {Transport::tcp, Transport::udp};
  rmc.port = Port{657};
  permit.services = {rmc};
  return permit;
}

struct SegmentedDesk {
  FakeClock clock;
  SystemRandom random;
  MemoryJournal journal{clock};
  std::optional<Ledger> ledger;

  explicit SegmentedDesk(std::size_t records_a_segment) {
    journal.records_a_segment = records_a_segment;
    restart();
  }
  void restart() { ledger.emplace(*Ledger::replay(journal, clock, random)); }
  std::size_t segments() const {
    const auto events = journal.events();
    return static_cast<std::size_t>(std::count(events.begin(), events.end(), kSegmentEvent));
  }
};

// As a restart leaves it.
nlohmann::json after_restart(const Grant& grant) {
  auto expected = grant;
  const bool runs = !grant.session.empty() && !grant.session_closed;
  if (runs && grant.state == GrantState::active) {
    expected.state = GrantState::spent;
    expected.end_reason = "gateway restarted";
  }
  expected.session_closed = grant.session_closed || runs;
  auto json = grant_snapshot(expected);
  json.erase("ended_at");
  return json;
}

nlohmann::json without_end(const Grant& grant) {
  auto json = grant_snapshot(grant);
  json.erase("ended_at");
  return json;
}

}  // namespace

TEST_CASE("a grant comes out of its snapshot as it went in") {
  SegmentedDesk desk{1'000'000};
  auto& ledger = *desk.ledger;
  const auto armed = *ledger.enable(full_permit("ann"), kAlice);
  const auto active = *ledger.enable(full_permit("bob"), kAlice);
  REQUIRE(ledger.claim(active, kPeer));
  REQUIRE(ledger.connected(active, {*Address::parse("192.0.2.77"), {}, {}, false}));
  const auto over = *ledger.enable(full_permit("cid"), kAlice);
  REQUIRE(ledger.claim(over, kPeer));
  Counters counters{5, 7, {{"rmc", Transport::udp, 1, 2, 3, 4}}, {{FileDirection::to_target, 1, 9}}};
  ledger.finish(over, "done", "alice", counters);
  ledger.count_failure(armed, kPeer, {"login.failed", {}});
  ledger.count_failure(armed, *Endpoint::parse("[2001:db8:1::9]:7"), {"login.failed", {}});
  for (const auto& [id, grant] : ledger.grants()) {
    const auto json = grant_snapshot(grant);
    const auto back = grant_from_snapshot(parse_json(json_text(json)));
    REQUIRE(back);
    CHECK(grant_snapshot(*back) == json);
    CHECK(back->services == grant.services);
    CHECK(back->networks == grant.networks);
    CHECK(back->state == grant.state);
    CHECK(back->failed_logins.total() == grant.failed_logins.total());
    CHECK(back->failed_logins.by_source() == grant.failed_logins.by_source());
    CHECK(back->traffic == grant.traffic);
    CHECK(back->files == grant.files);
    CHECK(back->connect_by == grant.connect_by);
  }
  auto broken = grant_snapshot(*ledger.find(armed.value()));
  SECTION("state") { broken["state"] = "open"; }
  SECTION("time") { broken["claimed_at"] = 7; }
  SECTION("what was enabled") { broken["enabled"].erase("networks"); }
  SECTION("all") { broken = nullptr; }
  CHECK_FALSE(grant_from_snapshot(broken));
}

TEST_CASE("whatever happened, a start from the last snapshot knows what the running gate knew") {
  std::mt19937 random{5};
  SegmentedDesk desk{12};
  const std::vector<std::string> reps{"ann", "bob", "cid"};
  for (int step = 0; step < 1500; ++step) {
    desk.clock.advance(std::chrono::seconds{random() % 90});
    auto& ledger = *desk.ledger;
    std::vector<GrantId> ids;
    for (const auto& [id, grant] : ledger.grants())
      if (!is_terminal(grant.state) || !grant.session_closed) ids.push_back(id);
    const auto rep = reps[random() % 3];
    const auto pick = ids.empty() ? GrantId{"g-none"} : ids[random() % ids.size()];
    switch (random() % 9) {
      case 0:
        (void)ledger.enable(full_permit(rep), kAlice);
        break;
      case 1:
        (void)ledger.claim(pick, kPeer, Entry{"login.accepted", {{"rep", rep}, {"counter", random() % 99}}});
        break;
      case 2:
        ledger.finish(pick, "done", "", {1, 2, {}, {}});
        break;
      case 3:
        ledger.revoke(pick, "alice", "wrong");
        break;
      case 4:
        (void)ledger.release(pick, "refused");
        break;
      case 5:
        ledger.count_failure(pick, kPeer, {"login.failed", {}});
        break;
      case 6:
        for (const auto& id : ledger.due())
          if (ledger.find(id.value())->state == GrantState::armed) ledger.expire(id);
        break;
      case 7: {
        const char* const events[] = {"rep.enrolled", "rep.suspended", "rep.resumed", "rep.removed"};
        ledger.note_closing(
            {events[random() % 4], {{"rep", rep}, {"by", "alice"}, {"keys", {"SHA256:a", "SHA256:b"}}}});
        ledger.note_closing(
            {"login.accepted", {{"rep", rep}, {"key", "SHA256:a"}, {"key_counter", random() % 1000}}});
        break;
      }
      default:
        ledger.note_closing({random() % 2 ? "session.channel" : "recording.closed",
                             {{"session", "s-" + rep}, {"channel", random() % 3}, {"recording", true}}});
    }
    if (random() % 20 != 0) continue;

    ledger.note_closing({"x", {}});  // time that passed after the last record is known to nobody
    const auto before = ledger.grants();
    std::map<GrantId, BootTime> deadlines;
    for (const auto& [id, grant] : before) deadlines[id] = ledger.deadline(id);
    std::map<std::string, std::uint64_t> counters;
    for (const auto& each : reps) counters[each] = ledger.counter_of(each);
    const auto recordings = ledger.open_recordings();
    const auto memory = ledger.reps().snapshot();
    if (random() % 3 == 0) desk.clock.set_wall(desk.clock.wall() - 10h);
    desk.restart();
    for (const auto& [id, grant] : before) {
      const auto* const found = desk.ledger->find(id.value());
      if (is_terminal(grant.state) && grant.session_closed && found == nullptr) continue;
      REQUIRE(found != nullptr);
      REQUIRE(without_end(*found) == after_restart(grant));
      if (grant.state == GrantState::armed)
        REQUIRE(desk.ledger->deadline(id) - deadlines[id] <= 1ms);  // never more than it was given
    }
    for (const auto& each : reps) REQUIRE(desk.ledger->counter_of(each) == counters[each]);
    REQUIRE(desk.ledger->open_recordings() == recordings);
    REQUIRE(desk.ledger->reps().snapshot() == memory);
    desk.ledger->note_closing(
        {"x", {}});  // nor is time that passes before the first one after a clock was set
  }
  CHECK(desk.segments() > 50);
}

TEST_CASE("with hundreds of grants, counters and recordings a snapshot keeps every line short") {
  SegmentedDesk desk{1'000'000};
  for (int i = 0; i < 300; ++i) {
    const auto rep = "rep" + std::to_string(i);
    const auto id = desk.ledger->enable(full_permit(rep), kAlice);
    REQUIRE(id);
    if (i % 2) desk.ledger->revoke(*id, "alice", "");
    desk.ledger->note_closing({"login.accepted", {{"rep", rep}, {"counter", i}}});
    desk.ledger->note_closing(
        {"session.channel", {{"session", "s-" + rep}, {"channel", 1}, {"recording", true}}});
  }
  desk.journal.records_a_segment = 1;
  desk.ledger->note_closing({"x", {}});
  desk.journal.records_a_segment = 1'000'000;
  REQUIRE(desk.segments() == 1);
  desk.restart();
  CHECK(std::count_if(desk.ledger->grants().begin(), desk.ledger->grants().end(),
                      [](const auto& each) { return each.second.state == GrantState::armed; }) == 150);
  CHECK(desk.ledger->counter_of("rep299") == 299);
  CHECK(desk.ledger->open_recordings().size() == 300);
}

TEST_CASE("what happens at once is written at once: a login with its claim, grants that expire together") {
  SegmentedDesk desk{1'000'000};
  std::vector<GrantId> ids;
  for (int i = 0; i < 200; ++i)
    ids.push_back(*desk.ledger->enable(full_permit("rep" + std::to_string(i)), kAlice));
  auto before = desk.journal.syncs;
  REQUIRE(desk.ledger->claim(ids[0], kPeer,
                             Entry{"login.accepted", {{"grant", ids[0].value()}, {"rep", "rep0"}}}));
  CHECK(desk.journal.syncs == before + 1);
  before = desk.journal.syncs;
  SECTION("on a disk that works") {
    desk.ledger->expire(ids);  // all but the one that is in use
    CHECK(desk.journal.syncs == before + 1);
  }
  SECTION("on one that does not, and works again") {
    desk.journal.broken = true;
    desk.ledger->expire(ids);
    CHECK(desk.ledger->find(ids[7].value())->state == GrantState::expired);
    desk.journal.broken = false;
    desk.ledger->retry_unwritten();
  }
  const auto events = desk.journal.events();
  CHECK(std::count(events.begin(), events.end(), "grant.expired") == 199);
  desk.restart();
  CHECK(desk.ledger->find(ids[7].value())->state == GrantState::expired);
  CHECK(desk.ledger->find(ids[0].value())->state == GrantState::spent);
}

TEST_CASE("closing acts that wait for the disk keep the segment, and are not lost by the next one") {
  SegmentedDesk desk{6};
  const auto id = *desk.ledger->enable(full_permit("ann"), kAlice);
  REQUIRE(desk.ledger->claim(id, kPeer));
  desk.journal.broken = true;
  desk.ledger->finish(id, "done", "", {});
  CHECK(desk.ledger->has_unwritten());
  desk.journal.broken = false;
  for (int i = 0; i < 10; ++i) desk.ledger->note_closing({"x", {}});
  CHECK(desk.segments() >= 1);
  const auto events = desk.journal.events();
  CHECK(std::find(events.begin(), events.end(), "session.ended") <
        std::find(events.begin(), events.end(), kSegmentEvent));
  desk.restart();
  CHECK(desk.ledger->find(id.value())->state == GrantState::spent);
  CHECK_FALSE(desk.ledger->claim(id, kPeer));
}
