// Follower: every record once and in order, however the files grow, roll over, tear or break meanwhile.
// Runs in: tests.
#include <sys/wait.h>

#include "gateway/audit/follower.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

namespace {

namespace fs = std::filesystem;
using More = Follower::More;

const Entry kEntry{"grant.expired", {{"grant", "g-1"}}};

struct Followed : JournalFixture {
  FileJournalOptions short_segments() {
    FileJournalOptions options;
    options.segment_records = 10;
    return options;
  }
  void append(FileJournal& journal, int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(journal.append(kEntry, Weight::closing));
      if (journal.snapshot_due()) REQUIRE(journal.append_snapshot({}));
    }
  }
  fs::path segment(std::uint64_t number) const { return place() / segment_name(number); }
  std::string all_lines() const {
    std::string all;
    const auto files = journal_files(place()).value();
    for (const auto& file : files) all += contents_of(file);
    return all;
  }
};

// What a follower told: the lines of records as they stand, and breaks as "!".
struct Told {
  std::string lines, order;
  std::vector<std::string> breaks;
  Result<More> from(Follower& follower, std::size_t most = 1000) {
    return follower.read(
        most,
        [this](const RecordView& record, const Place&) -> Done {
          lines += std::string{record.line} + "\n";
          order += "r";
          return {};
        },
        [this](const Break& found) -> Done {
          breaks.push_back(found.message());
          order += "!";
          return {};
        });
  }
};

}  // namespace

TEST_CASE("what is written is told once, in order, over segments that roll over") {
  Followed f;
  auto journal = f.open(f.short_segments()).value();
  Follower follower{f.place()};
  Told told;
  for (int i = 0; i < 40; ++i) {
    f.append(*journal, i % 5);
    REQUIRE(told.from(follower) == More::no);
    REQUIRE(told.lines == f.all_lines());
  }
  CHECK(told.breaks.empty());
  CHECK(follower.position() == journal->head());
  REQUIRE(follower.make_durable());
}

TEST_CASE("so many at a time, and then the rest") {
  Followed f;
  {
    auto journal = f.open(f.short_segments()).value();
    f.append(*journal, 35);
  }
  Follower follower{f.place()};
  Told told;
  int rounds = 1;
  while (told.from(follower, 4).value() == More::yes) ++rounds;
  CHECK(told.lines == f.all_lines());
  CHECK(rounds > 9);
}

TEST_CASE("from any record on, in whatever segment it stands; and from the end") {
  Followed f;
  auto journal = f.open(f.short_segments()).value();
  f.append(*journal, 25);
  const auto records = records_of(*journal);
  for (const auto& record : records) {
    Follower follower{f.place(), {record.seq, record.hash}};
    Told told;
    REQUIRE(told.from(follower) == More::no);
    CHECK(told.breaks.empty());
    CHECK(told.order.size() == records.size() - record.seq);
  }
  auto end = Follower::at_end(f.place()).value();
  CHECK(end.position() == journal->head());
  Told told;
  REQUIRE(told.from(end) == More::no);
  CHECK(told.order.empty());
  f.append(*journal, 1);
  REQUIRE(told.from(end) == More::no);
  CHECK(told.order == "r");
}

TEST_CASE("a record that is not written whole is none yet") {
  Followed f;
  const auto whole = f.write(3);
  const auto last = whole.rfind('\n', whole.size() - 2) + 1;
  for (auto cut = last; cut + 1 < whole.size(); ++cut) {
    put_contents(f.file(), whole.substr(0, cut));
    Follower follower{f.place()};
    Told told;
    REQUIRE(told.from(follower) == More::no);
    REQUIRE(told.order == "rr");
    put_contents(f.file(), whole);
    REQUIRE(told.from(follower) == More::no);
    REQUIRE(told.lines == whole);
    REQUIRE(told.breaks.empty());
  }
}

TEST_CASE("a break is told once, where it stands, and the sound records behind it follow") {
  Followed f;
  {
    auto journal = f.open(f.short_segments()).value();
    f.append(*journal, 25);
  }
  SECTION("an edited record") {
    auto text = contents_of(f.segment(2));
    text.replace(text.find("g-1"), 3, "g-2");
    put_contents(f.segment(2), text);
    Follower follower{f.place()};
    Told told;
    for (int i = 0; i < 20; ++i) REQUIRE(told.from(follower, 3));
    CHECK(told.order.find("r!r") != told.order.npos);
    REQUIRE(told.breaks.size() == 1);
    CHECK(told.breaks.front().find("journal-00000002.jsonl line 2") != std::string::npos);
  }
  SECTION("a missing segment, also for whoever comes later") {
    fs::remove(f.segment(2));
    Follower follower{f.place()};
    Told told;
    for (int i = 0; i < 20; ++i) REQUIRE(told.from(follower, 3));
    REQUIRE(told.breaks.size() == 1);
    CHECK(told.breaks.front().find("journal-00000002.jsonl: it is missing") != std::string::npos);
    CHECK(told.order.substr(9, 3) == "r!r");
  }
  SECTION("a broken last line, while nothing follows it") {
    const auto last = journal_files(f.place()).value().back();
    put_contents(last, contents_of(last) + "nonsense\n");
    Follower follower{f.place()};
    Told told;
    for (int i = 0; i < 3; ++i) REQUIRE(told.from(follower) == More::no);
    CHECK(told.breaks.size() == 1);
    CHECK(told.order.back() == '!');
  }
}

TEST_CASE("a segment that was begun behind damage is no second break") {
  Followed f;
  {
    auto journal = f.open(f.short_segments()).value();
    f.append(*journal, 15);
  }
  auto text = contents_of(f.segment(2));
  text.replace(text.find("g-1"), 3, "g-2");
  put_contents(f.segment(2), text);
  Follower follower{f.place()};
  Told told;
  REQUIRE(told.from(follower, 1) == More::yes);
  while (told.from(follower, 1).value() == More::yes) {
  }
  const auto before = told.order;
  const auto walk = verify_journal(f.place()).value();
  REQUIRE(FileJournal::begin_anew(f.place(), f.clock, walk, {}, {}));
  REQUIRE(told.from(follower) == More::no);
  CHECK(told.breaks.size() == 1);
  CHECK(told.order == before + "r");
}

TEST_CASE("what the gate took back is told as lost, and its segment again") {
  Followed f;
  std::string before;
  {
    auto journal = f.open(f.short_segments()).value();
    f.append(*journal, 12);
    before = contents_of(f.segment(2));
    f.append(*journal, 2);
  }
  Follower follower{f.place()};
  Told told;
  REQUIRE(told.from(follower) == More::no);
  put_contents(f.segment(2), before);
  {
    auto journal = f.open(f.short_segments()).value();
    REQUIRE(journal->append({"grant.expired", {{"grant", "another"}}}, Weight::closing));
  }
  Told again;
  REQUIRE(again.from(follower) == More::no);
  REQUIRE(again.breaks.size() == 1);
  CHECK(again.breaks.front().find("is not in the journal any more") != std::string::npos);
  CHECK(again.lines == contents_of(f.segment(2)));
}

TEST_CASE("a journal that does not hold the record of the position is told from its first record") {
  Followed f;
  f.write(5);
  for (const std::uint64_t seq : {3, 9}) {
    Follower follower{f.place(), {seq, std::string(64, 'a')}};
    Told told;
    REQUIRE(told.from(follower) == More::no);
    CHECK(told.order == "!rrrrr");
    REQUIRE(told.from(follower) == More::no);
    CHECK(told.order == "!rrrrr");
  }
}

TEST_CASE("a visitor that fails was not told") {
  Followed f;
  f.write(5);
  Follower follower{f.place()};
  int count = 0;
  const auto refused = follower.read(
      10, [&](const RecordView&, const Place&) -> Done { return ++count == 3 ? fail("full") : Done{}; },
      [](const Break&) { return Done{}; });
  REQUIRE_FALSE(refused);
  CHECK(follower.position().seq == 2);
  Told told;
  REQUIRE(told.from(follower) == More::no);
  CHECK(told.order == "rrr");
}

TEST_CASE("a journal that is not there yet is an error, and then is read") {
  Followed f;
  Follower follower{f.place()};
  Told told;
  REQUIRE_FALSE(told.from(follower));
  f.write(2);
  REQUIRE(told.from(follower) == More::no);
  CHECK(told.order == "rr");
}

TEST_CASE("beside a writer in another process nothing is missed and nothing told twice") {
  Followed f;
  const auto writer = ::fork();
  if (writer == 0) {
    auto journal = f.open(f.short_segments()).value();
    for (int i = 0; i < 400; ++i) {
      if (!journal->append(kEntry, Weight::closing)) _exit(1);
      if (journal->snapshot_due() && !journal->append_snapshot({})) _exit(2);
    }
    _exit(0);
  }
  Follower follower{f.place()};
  Told told;
  int status = 0;
  while (::waitpid(writer, &status, WNOHANG) == 0) (void)told.from(follower, 7);
  REQUIRE(status == 0);
  while (told.from(follower).value() == More::yes) {
  }
  CHECK(told.lines == f.all_lines());
  CHECK(told.breaks.empty());
}
