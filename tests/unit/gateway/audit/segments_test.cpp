// Segments: the chain goes on from file to file, a start reads the last snapshot, and no crash while a new
// segment begins loses a record or the journal. Runs in: tests.
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

namespace {

const std::vector<Entry> kCarried{{"journal.carried", {{"counters", {{"ann", 4}}}}},
                                  {"journal.carried", {{"recordings", nlohmann::json::array()}}}};
const Entry kEntry{"grant.expired", {{"grant", "g-1"}}};

struct Segmented : JournalFixture {
  std::filesystem::path segment(std::uint64_t number) const { return place() / segment_name(number); }

  FileJournalOptions options(std::uint64_t records = 10) {
    FileJournalOptions options;
    options.segment_records = records;
    return options;
  }
  // What a ledger does: appends, and a new segment when one is due.
  void append(FileJournal& journal, int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(std::chrono::seconds{1});
      REQUIRE(journal.append(kEntry, Weight::closing));
      if (journal.snapshot_due()) REQUIRE(journal.append_snapshot(kCarried));
    }
  }
  std::vector<Record> from_snapshot(FileJournal& journal) {
    std::vector<Record> records;
    REQUIRE(journal.read_from_snapshot([&](const Record& record) {
      records.push_back(record);
      return Done{};
    }));
    return records;
  }
};

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  return lines;
}

void put_lines(const std::filesystem::path& file, const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) all += line;
  put_contents(file, all);
}

}  // namespace

TEST_CASE("a full segment is followed by one that opens with what is carried, and the chain goes on") {
  Segmented f;
  auto journal = f.open(f.options()).value();
  f.append(*journal, 20);
  CHECK(std::filesystem::exists(f.segment(3)));
  CHECK_FALSE(std::filesystem::exists(f.segment(4)));
  const auto verdict = verify_journal(f.place()).value();
  CHECK_FALSE(verdict.broken);
  CHECK(verdict.records == journal->head().seq);
  CHECK(verdict.head == journal->head());
  CHECK(verdict.tree == journal->tree());
  CHECK(records_of(*journal).size() == verdict.records);

  const auto head = journal->head();
  journal.reset();
  auto again = f.open(f.options()).value();
  CHECK(again->head() == head);
  CHECK(again->tree() == verdict.tree);
  const auto live = f.from_snapshot(*again);
  REQUIRE(live.size() >= 3);
  CHECK(live[0].event == "journal.segment");
  CHECK(live[0].fields["segment"] == 3);
  CHECK(live[0].fields["carried"] == 2);
  CHECK(live[1].fields["counters"]["ann"] == 4);
  CHECK(records_of(*again).size() == verdict.records);
  const auto tenth = records_of(*again)[9];
  CHECK(records_of(*again, {tenth.seq, tenth.hash}).size() == verdict.records - 10);
}

TEST_CASE("a journal in one file is taken over as segment 1, byte for byte") {
  Segmented f;
  const auto before = f.write(12);
  auto journal = f.open(f.options()).value();
  CHECK(journal->snapshot_due());
  REQUIRE(journal->append_snapshot(kCarried));
  f.append(*journal, 3);
  CHECK(contents_of(f.segment(1)) == before);
  CHECK(verify_journal(f.place())->records == 12 + 3 + 3);
}

TEST_CASE("a start reads only the last segment, and notices that an earlier one is gone or cut") {
  Segmented f;
  {
    auto journal = f.open(f.options()).value();
    f.append(*journal, 35);
  }
  const auto opens = [&] { return f.open(f.options()).has_value(); };
  REQUIRE(opens());
  SECTION("an earlier one cannot be read: it is not read") {
    auto lines = lines_of(f.segment(2));
    lines[4][12] ^= 1;
    put_lines(f.segment(2), lines);
    CHECK(opens());
    const auto verdict = verify_journal(f.place()).value();
    REQUIRE(verdict.broken);
    CHECK(verdict.broken->file == f.segment(2));
    CHECK(verdict.broken->line == 5);
  }
  SECTION("one is missing") {
    const auto gone = GENERATE(1, 2, 3);
    std::filesystem::remove(f.segment(static_cast<std::uint64_t>(gone)));
    const auto refused = f.open(f.options());
    REQUIRE_FALSE(refused);
    const auto verdict = verify_journal(f.place()).value();
    REQUIRE(verdict.broken);
    CHECK(verdict.broken->file == f.segment(static_cast<std::uint64_t>(gone)));
    CHECK(verdict.broken->line == 0);
    CHECK(verdict.broken->reason == "it is missing");
    CHECK(refused.error().message().find(verdict.broken->message()) != std::string::npos);
    CHECK(verdict.broken_lines == 1);
  }
  SECTION("one was cut") {
    auto lines = lines_of(f.segment(2));
    lines.pop_back();
    put_lines(f.segment(2), lines);
    CHECK_FALSE(opens());
    const auto verdict = verify_journal(f.place()).value();
    REQUIRE(verdict.broken);
    CHECK(verdict.broken->file == f.segment(3));
    CHECK(verdict.broken->line == 1);
  }
  SECTION("the last was rolled back to an earlier one: no chain shows it") {
    std::filesystem::remove(f.segment(4));
    CHECK(opens());
    CHECK_FALSE(verify_journal(f.place())->broken);
  }
}

TEST_CASE("an edited segment opening is found: number, tree, position") {
  Segmented f;
  {
    auto journal = f.open(f.options()).value();
    f.append(*journal, 12);
  }
  auto lines = lines_of(f.segment(2));
  auto record = *parse_line(std::string_view{lines[0]}.substr(0, lines[0].size() - 1));
  SECTION("tree") { record.fields["tree"][0] = std::string(64, 'a'); }
  SECTION("number") { record.fields["segment"] = 7; }
  SECTION("the number of hashes") { record.fields["tree"].push_back(std::string(64, 'a')); }
  lines[0] = to_line(record.seq, record.time, record.prev, {record.event, record.fields}) + "\n";
  put_lines(f.segment(2), lines);
  const auto verdict = verify_journal(f.place()).value();
  REQUIRE(verdict.broken);
  CHECK(verdict.broken->file == f.segment(2));
  CHECK(verdict.broken->line == 1);
}

TEST_CASE(
    "the last segment cut at any byte of its snapshot or after: everything acknowledged before is kept") {
  Segmented f;
  {
    auto journal = f.open(f.options()).value();
    f.append(*journal, 10);
  }
  const auto whole = contents_of(f.segment(2));
  REQUIRE(lines_of(f.segment(2)).size() == 3);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put_contents(f.segment(2), whole.substr(0, size));
    auto journal = f.open(f.options());
    REQUIRE(journal);
    const auto records = f.from_snapshot(**journal);
    // An incomplete snapshot is no start: all ten are read. (Only its last newline may be missing.)
    REQUIRE(records[0].seq == (size == whole.size() - 1 ? 11 : 1));
    REQUIRE((*journal)->append(kEntry, Weight::closing));
    journal->reset();
    REQUIRE_FALSE(verify_journal(f.place())->broken);
  }
}

TEST_CASE("killed as it enters any call of a new segment, the journal starts again with every record") {
  for (int killed_at = 0;; ++killed_at) {
    Segmented f;
    {
      auto journal = f.open(f.options()).value();
      for (int i = 0; i < 10; ++i) REQUIRE(journal->append(kEntry, Weight::closing));
    }
    const pid_t child = ::fork();
    if (child == 0) {
      int calls = 0;
      const auto step = [&] {
        if (calls++ == killed_at) ::_exit(9);
      };
      auto options = f.options();
      options.calls.write = [&](int fd, const void* bytes, std::size_t size) {
        return step(), ::write(fd, bytes, size);
      };
      options.calls.fdatasync = [&](int fd) { return step(), ::fdatasync(fd); };
      options.calls.ftruncate = [&](int fd, off_t size) { return step(), ::ftruncate(fd, size); };
      options.calls.fallocate = [&](int fd, int mode, off_t from, off_t size) {
        return step(), ::fallocate(fd, mode, from, size);
      };
      options.calls.rename = [&](const char* from, const char* to) { return step(), ::rename(from, to); };
      options.calls.sync_folder = [&](int fd) { return step(), ::fsync(fd); };
      auto journal = FileJournal::open(f.place(), f.clock, options);
      if (!journal || !(*journal)->append_snapshot(kCarried)) ::_exit(1);
      if (!(*journal)->append(kEntry, Weight::closing)) ::_exit(1);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) != 1);
    auto journal = f.open(f.options());
    REQUIRE(journal);
    REQUIRE((*journal)->head().seq >= 10);
    REQUIRE_FALSE(std::filesystem::exists(f.place() / kDraft));
    REQUIRE((*journal)->append(kEntry, Weight::closing));
    REQUIRE_FALSE(verify_journal(f.place())->broken);
    if (WEXITSTATUS(status) == 0) {
      CHECK(killed_at >= 6);
      break;
    }
  }
}

TEST_CASE("a segment that cannot begin leaves the old one going on") {
  Segmented f;
  int failing = 0;  // which call
  auto options = f.options();
  const auto fails = [&](int which) { return which == failing && (errno = EIO) != 0; };
  options.calls.write = [&](int fd, const void* bytes, std::size_t size) -> ssize_t {
    return fails(1) ? -1 : ::write(fd, bytes, size);
  };
  options.calls.fdatasync = [&](int fd) { return fails(2) ? -1 : ::fdatasync(fd); };
  options.calls.fallocate = [&](int fd, int mode, off_t from, off_t size) {
    return fails(3) ? -1 : ::fallocate(fd, mode, from, size);
  };
  options.calls.rename = [&](const char* from, const char* to) { return fails(4) ? -1 : ::rename(from, to); };
  auto journal = f.open(options).value();
  for (int i = 0; i < 10; ++i) REQUIRE(journal->append(kEntry, Weight::closing));
  failing = GENERATE(1, 2, 3, 4);
  CHECK_FALSE(journal->append_snapshot(kCarried));
  CHECK_FALSE(journal->snapshot_due());  // not at once again
  failing = 0;
  REQUIRE(journal->append(kEntry, Weight::closing));
  CHECK(lines_of(f.segment(1)).size() == 11);
  CHECK_FALSE(std::filesystem::exists(f.segment(2)));
  CHECK_FALSE(std::filesystem::exists(f.place() / kDraft));
}

TEST_CASE("nothing is appended to a segment whose name may be lost") {
  Segmented f;
  bool fails = true;
  auto options = f.options();
  options.calls.sync_folder = [&](int fd) { return fails ? (errno = EIO, -1) : ::fsync(fd); };
  auto journal = f.open(options).value();
  for (int i = 0; i < 10; ++i) REQUIRE(journal->append(kEntry, Weight::closing));
  CHECK_FALSE(journal->append_snapshot(kCarried));
  CHECK_FALSE(journal->append(kEntry, Weight::closing));
  CHECK_FALSE(journal->writable());
  fails = false;
  CHECK(journal->append(kEntry, Weight::closing));
  CHECK(lines_of(f.segment(2)).size() == 4);
  CHECK_FALSE(verify_journal(f.place())->broken);
}

TEST_CASE("the walk goes on behind damage, and finds all of it") {
  Segmented f;
  {
    auto journal = f.open(f.options()).value();
    f.append(*journal, 30);
  }
  auto second = lines_of(f.segment(2)), third = lines_of(f.segment(3));
  second[4][30] ^= 1;
  std::swap(third[5], third[6]);
  put_lines(f.segment(2), second);
  put_lines(f.segment(3), third);
  const auto verdict = verify_journal(f.place()).value();
  REQUIRE(verdict.broken);
  CHECK(verdict.broken->message() == f.segment(2).string() + " line 5: " + verdict.broken->reason);
  REQUIRE(verdict.breaks.size() == 4);  // the edited line; and three that are out of turn
  CHECK(verdict.breaks[1].file == f.segment(3));
  CHECK(verdict.breaks[1].line == 6);
}

TEST_CASE("several records of one act share one sync") {
  Segmented f;
  int syncs = 0;
  FileJournalOptions options;
  options.calls.fdatasync = [&](int fd) { return ++syncs, ::fdatasync(fd); };
  auto journal = f.open(options).value();
  const std::vector<Entry> entries(8, kEntry);
  const auto written = journal->append_all(entries, Weight::opening);
  REQUIRE(written);
  CHECK(written->size() == 8);
  CHECK(written->back() == journal->head());
  CHECK(syncs == 1);
  CHECK(verify_journal(f.place())->records == 8);
}

TEST_CASE("several records of one act are refused together, and none stays") {
  Segmented f;
  bool fails = true;
  FileJournalOptions options;
  options.calls.write = [&](int fd, const void* bytes, std::size_t size) {
    return ::write(fd, bytes, fails ? size / 2 : size);
  };
  auto journal = f.open(options).value();
  const std::vector<Entry> entries(4, kEntry);
  CHECK_FALSE(journal->append_all(entries, Weight::opening));
  CHECK(contents_of(f.file()).empty());
  fails = false;
  CHECK(journal->append_all(entries, Weight::opening));
}

TEST_CASE("a snapshot that is longer than a segment does not call for the next one") {
  Segmented f;
  auto journal = f.open(f.options()).value();
  for (int i = 0; i < 10; ++i) REQUIRE(journal->append(kEntry, Weight::closing));
  REQUIRE(journal->append_snapshot(std::vector<Entry>(30, kCarried[0])));
  CHECK_FALSE(journal->snapshot_due());
  for (int restart = 0; restart < 2; ++restart) {
    for (int i = 0; i < 4; ++i) REQUIRE(journal->append(kEntry, Weight::closing));
    CHECK_FALSE(journal->snapshot_due());
    journal.reset();
    journal = f.open(f.options()).value();
    CHECK_FALSE(journal->snapshot_due());
  }
  for (int i = 0; i < 2; ++i) REQUIRE(journal->append(kEntry, Weight::closing));
  CHECK(journal->snapshot_due());
}
