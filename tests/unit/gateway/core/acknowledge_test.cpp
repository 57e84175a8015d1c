// An admin's word that damage is known: what it lets go on, and what it never does. Runs in: tests.
#include "gateway/core/acknowledge.h"

#include <unistd.h>

#include "gateway/audit/deleted_segments.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/core/ledger.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

namespace {

struct Damaged : JournalFixture {
  SystemRandom random;
  const Acknowledgement word{"root", "disk", std::nullopt};

  Damaged() {
    FileJournalOptions options;
    options.segment_records = 10;
    auto journal = open(options).value();
    REQUIRE(journal->append({"rep.suspended", {{"rep", "bob"}}}, Weight::closing));
    for (int i = 0; i < 25; ++i) {
      REQUIRE(journal->append({"login.accepted", {{"rep", "ann"}, {"counter", i}}}, Weight::closing));
      if (!journal->snapshot_due()) continue;
      const std::vector<Entry> carried{
          {std::string{kCarriedEvent}, {{"of_rep", {{"name", "bob"}, {"suspended", true}}}}},
          {std::string{kCarriedEvent}, {{"counters", {{"ann", i}}}}}};
      REQUIRE(journal->append_snapshot(carried));
    }
    HeadOptions heads;
    heads.state = folder.path();
    heads.name = "gate/journal";
    heads.syslog.clear();
    REQUIRE(
        HeadKeeper::open(heads, random)->sign({journal->head().seq, journal->tree().root()}, clock.boot()));
  }
  auto acknowledge() { return acknowledge_damage(folder.path(), word, clock, random); }
  void flip(std::uint64_t number, std::size_t line) {
    const auto file = place() / segment_name(number);
    auto text = contents_of(file);
    std::size_t at = 0;
    for (std::size_t i = 1; i < line; ++i) at = text.find('\n', at) + 1;
    text[at + 12] ^= 1;
    put_contents(file, text);
  }
};

}  // namespace

TEST_CASE("damage is acknowledged once, by name, and the journal goes on behind it") {
  if (::geteuid() != 0) return;
  Damaged f;
  CHECK_FALSE(f.acknowledge());  // there is none
  SECTION("in an earlier segment") { f.flip(2, 4); }
  SECTION("in the last one") { f.flip(3, 3); }
  SECTION("in two") {
    f.flip(1, 2);
    f.flip(3, 4);
  }
  SECTION("a segment is gone") { std::filesystem::remove(f.place() / segment_name(2)); }
  SECTION("the last opening") { f.flip(3, 1); }
  REQUIRE(verify_journal(f.place())->broken);
  REQUIRE(f.acknowledge());
  const auto verdict = verify_journal(f.place()).value();
  CHECK_FALSE(verdict.broken);
  REQUIRE_FALSE(verdict.breaks.empty());
  CHECK(verdict.breaks[0].acknowledged_by == "root");
  CHECK_FALSE(f.acknowledge());
  auto journal = f.open();
  REQUIRE(journal);
  REQUIRE((*journal)->append({"x", {}}, Weight::closing));
  const auto ledger = Ledger::replay(**journal, f.clock, f.random);
  REQUIRE(ledger);
  CHECK(ledger->counter_of("ann") == 24);
  CHECK(ledger->reps().is_suspended("bob"));
  journal->reset();
  // What is damaged after that is not acknowledged by it.
  f.flip(1, 5);
  CHECK(verify_journal(f.place())->broken);
}

TEST_CASE(
    "a journal that was rolled back is not started on until that is acknowledged; then nothing is live") {
  if (::geteuid() != 0) return;
  Damaged f;
  const auto file = f.place() / segment_name(3);
  const auto text = contents_of(file);
  put_contents(file, text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  HeadOptions heads;
  heads.state = f.folder.path();
  auto keeper = HeadKeeper::open(heads, f.random).value();
  CHECK_FALSE(f.open().value()->continues(*keeper.last()));
  const auto said = f.acknowledge();
  REQUIRE(said);
  CHECK(said->find("shortened") != said->npos);
  keeper = HeadKeeper::open(heads, f.random).value();
  auto journal = f.open().value();
  CHECK(journal->continues(*keeper.last()));
  std::vector<std::string> events;
  REQUIRE(journal->read_from_snapshot([&](const Record& record) -> Done {
    events.push_back(record.event);
    return {};
  }));
  REQUIRE(events.size() == 4);
  CHECK(events[0] == kSegmentEvent);
  CHECK(events[1] == kAcknowledgedEvent);
  CHECK(events[2] == kCarriedEvent);
}

TEST_CASE(
    "damage is acknowledged in what is left of a journal, too; and that files are gone which no record "
    "deletes") {
  if (::geteuid() != 0) return;
  Damaged f;
  {
    auto journal = f.open().value();
    const auto oldest = journal->oldest_segment().value().value();
    REQUIRE(journal->append(
        deletion_entry({oldest.number, oldest.end, oldest.latest, std::string(64, 'a'), 400, "root"}),
        Weight::opening));
    REQUIRE(journal->delete_segment(oldest));
  }
  CHECK_FALSE(f.acknowledge());  // there is none
  const auto damage = GENERATE(0, 1, 2);
  if (damage == 0) f.flip(2, 4);
  if (damage == 1) f.flip(3, 3);
  if (damage == 2) std::filesystem::remove(f.place() / segment_name(2));
  REQUIRE(verify_journal(f.place())->broken);
  REQUIRE(f.acknowledge());
  CHECK_FALSE(verify_journal(f.place())->broken);
  const auto journal = f.open().value();
  CHECK(Ledger::replay(*journal, f.clock, f.random)->reps().is_suspended("bob"));
}

TEST_CASE("while a gate writes the journal, nothing is acknowledged") {
  if (::geteuid() != 0) return;
  Damaged f;
  const auto running = f.open().value();
  f.flip(2, 4);
  const auto refused = f.acknowledge();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("another sallyportd") != std::string::npos);
}
