// Segments that were deleted as old: what is left is whole, is proved and is signed as before; what is gone
// without a record of it is missing; and no kill in between leaves a journal that does not start.
// Runs in: tests.
#include "gateway/audit/deleted_segments.h"

#include <sys/wait.h>

#include "gateway/audit/follower.h"
#include "gateway/audit/heads.h"
#include "gateway/audit/proof.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

const std::vector<Entry> kCarried{{"journal.carried", {{"counters", {{"ann", 4}}}}},
                                  {"journal.carried", {{"counters", {{"bob", 7}}}}}};

struct Aged : JournalFixture {
  SystemRandom random;
  HeadKey key = HeadKey::make("gate/journal", random);
  std::vector<TreeHead> heads;

  fs::path segment(std::uint64_t number) const { return place() / segment_name(number); }
  static FileJournalOptions options() {
    FileJournalOptions options;
    options.segment_records = 10;
    return options;
  }
  void append(FileJournal& journal, int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(1s);
      REQUIRE(journal.append({"session.file", {{"session", "s-1"}, {"n", i}}}, Weight::closing));
      heads.push_back({journal.head().seq, journal.tree().root()});
      if (journal.snapshot_due()) REQUIRE(journal.append_snapshot(kCarried));
    }
  }
  static Entry word_on(const OldSegment& oldest) {
    return deletion_entry({oldest.number, oldest.end, oldest.latest, std::string(64, 'a'), 400, "root"});
  }
  Done delete_oldest(FileJournal& journal) {
    ASSIGN_OR_RETURN(const auto oldest, journal.oldest_segment());
    if (!oldest) return fail("there is none");
    RETURN_IF_ERROR(journal.append(word_on(*oldest), Weight::opening));
    return journal.delete_segment(*oldest);
  }
  // Four segments, of which so many are deleted.
  std::unique_ptr<FileJournal> open_without(int deleted) {
    auto journal = open(options()).value();
    append(*journal, 35);
    for (int i = 0; i < deleted; ++i) REQUIRE(delete_oldest(*journal));
    return journal;
  }
  std::uint64_t first_left() const {
    return start_of_segment(journal_files(place()).value(), 0).value()->start.position.seq + 1;
  }
  void require_whole() const {
    const auto verdict = verify_journal(place(), sizes_of(heads)).value();
    REQUIRE_FALSE(verdict.broken);
    const auto check = compare_heads(heads, verdict);
    INFO(check.problem);
    REQUIRE(check.problem.empty());
    REQUIRE(check.good_until == heads.back().size);
  }
};

struct Told {
  std::vector<std::uint64_t> records;
  std::vector<std::string> breaks;
  explicit Told(Follower follower) {
    our_bug(!follower.read(
                1000,
                [&](const RecordView& view, const Place&) {
                  records.push_back(view.seq);
                  return Done{};
                },
                [&](const Break& found) {
                  breaks.push_back(found.message());
                  return Done{};
                }),
            "reading");
  }
};

// The whole journal written anew behind a change to its first record: a chain that fits by itself.
void rewrite(const fs::path& place, const std::function<void(nlohmann::json&)>& change) {
  Chain chain;
  const auto files = journal_files(place).value();
  for (const auto& file : files) {
    std::string out, all = contents_of(file);
    for (std::size_t at = 0; at < all.size(); at = all.find('\n', at) + 1) {
      const auto record = take_apart(std::string_view{all}.substr(at, all.find('\n', at) - at)).value();
      Entry entry{record.event, record.fields};
      if (chain.head().seq == 0) {
        change(entry.fields);
        const auto opening =
            segment_opening({record.seq, record.time, record.event, record.prev, {}, entry.fields});
        chain = Chain{{record.seq - 1, record.prev}, opening.value().tree};
      } else if (record.event == kSegmentEvent) {
        entry.fields["tree"] = segment_entry({2, 0, chain.tree(), {}}).fields["tree"];
      }
      const auto line = to_line(record.seq, record.time, chain.head().hash, entry);
      our_bug(!chain.take(line), "a chain that fits");
      out += line + "\n";
    }
    put_contents(file, out);
  }
}

// Exit code 9: killed as it entered the call of that number; 0: done before; 1: it failed.
int delete_and_be_killed(Aged& f, int killed_at) {
  const pid_t child = ::fork();
  if (child == 0) {
    int calls = 0;
    const auto step = [&] {
      if (calls++ == killed_at) ::_exit(9);
    };
    auto options = Aged::options();
    options.calls.write = [&](int fd, const void* bytes, std::size_t size) {
      return step(), ::write(fd, bytes, size);
    };
    options.calls.fdatasync = [&](int fd) { return step(), ::fdatasync(fd); };
    options.calls.unlink = [&](const char* path) { return step(), ::unlink(path); };
    options.calls.sync_folder = [&](int fd) { return step(), ::fsync(fd); };
    auto journal = FileJournal::open(f.place(), f.clock, options);
    const bool done = journal && f.delete_oldest(**journal) && f.delete_oldest(**journal);
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  our_bug(::waitpid(child, &status, 0) != child || !WIFEXITED(status), "waiting");
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("what is left of a journal is whole, continues every later head, and goes on") {
  Aged f;
  auto journal = f.open_without(2);
  CHECK_FALSE(fs::exists(f.segment(1)));
  CHECK_FALSE(fs::exists(f.segment(2)));
  f.append(*journal, 20);
  f.require_whole();
  const auto verdict = verify_journal(f.place()).value();
  CHECK(verdict.deleted.segments == 2);
  CHECK(verdict.deleted.records == f.first_left() - 1);
  CHECK(verdict.records + verdict.deleted.records == verdict.head.seq);

  const auto before = f.open(Aged::options());
  CHECK_FALSE(before);  // in use
  const auto head = journal->head();
  journal.reset();
  journal = f.open(Aged::options()).value();
  CHECK(journal->head() == head);
  CHECK(journal->continues(f.heads.back()));
  std::vector<Record> carried;
  REQUIRE(journal->read_from_snapshot([&](const Record& record) {
    carried.push_back(record);
    return Done{};
  }));
  CHECK(carried[0].event == kSegmentEvent);
  f.append(*journal, 20);
  REQUIRE(f.delete_oldest(*journal));
  f.require_whole();
}

TEST_CASE("the last segment stays, and starts alone") {
  Aged f;
  auto journal = f.open_without(3);
  CHECK(journal_files(f.place())->size() == 1);
  CHECK_FALSE(f.delete_oldest(*journal));
  CHECK_FALSE(journal->oldest_segment().value());
  journal.reset();
  journal = f.open(Aged::options()).value();
  f.append(*journal, 3);
  CHECK(journal->continues(f.heads.back()));
  f.require_whole();
  f.append(*journal, 30);
  f.require_whole();
}

TEST_CASE("only the oldest goes, and only one that stands before the last snapshot") {
  Aged f;
  auto journal = f.open_without(0);
  auto oldest = journal->oldest_segment().value().value();
  CHECK(oldest.number == 1);
  CHECK(oldest.latest == to_rfc3339(f.clock.wall() - 25s));
  ++oldest.number;
  CHECK_FALSE(journal->delete_segment(oldest));
  CHECK(journal_files(f.place())->size() == 4);
}

TEST_CASE("a segment that is gone without a record that fits is missing, and nothing starts") {
  Aged f;
  {
    auto journal = f.open_without(1);
    auto word = Aged::word_on(journal->oldest_segment().value().value());
    SECTION("no record") {}
    SECTION("another number") {
      word.fields["segment"] = 3;
      REQUIRE(journal->append(word, Weight::opening));
    }
    SECTION("another end") {
      word.fields["last"] = word.fields["last"].get<int>() + 1;
      REQUIRE(journal->append(word, Weight::opening));
    }
    SECTION("another chain") {
      word.fields["head"] = std::string(64, '1');
      REQUIRE(journal->append(word, Weight::opening));
    }
    SECTION("a record that was altered") {
      REQUIRE(journal->append(word, Weight::opening));
      const auto file = f.segment(4);
      auto text = contents_of(file);
      text.replace(text.rfind("\"root\""), 6, "\"ruth\"");
      put_contents(file, text);
    }
    SECTION("only words of it, in another record") {
      REQUIRE(
          journal->append({"grant.enabled", {{"reason", json_text(word.fields) + "journal.segment_deleted"}}},
                          Weight::opening));
    }
  }
  fs::remove(f.segment(2));
  CHECK_FALSE(f.open(Aged::options()));
  const auto verdict = verify_journal(f.place()).value();
  REQUIRE(verdict.broken);
  CHECK(verdict.broken->reason == "it is missing");
}

TEST_CASE("a gap behind what was deleted is found") {
  Aged f;
  f.open_without(1).reset();
  fs::remove(f.segment(3));
  CHECK_FALSE(f.open(Aged::options()));
  const auto verdict = verify_journal(f.place()).value();
  REQUIRE(verdict.broken);
  CHECK(verdict.broken->file == f.segment(3));
}

TEST_CASE("a journal whose deleted part was given another tree is found by every head behind it") {
  Aged f;
  f.open_without(2).reset();
  rewrite(f.place(), [](nlohmann::json& opening) { opening["tree"][0] = std::string(64, 'b'); });
  const auto verdict = verify_journal(f.place(), sizes_of(f.heads)).value();
  CHECK_FALSE(verdict.broken);
  CHECK(compare_heads(f.heads, verdict).problem.find("rewritten") == 0);
}

TEST_CASE("heads of what was deleted are not compared, and alone prove nothing") {
  Aged f;
  f.open_without(2).reset();
  auto check = compare_heads(f.heads, verify_journal(f.place(), sizes_of(f.heads)).value());
  CHECK(check.deleted > 10);
  CHECK(check.checked + check.deleted == f.heads.size());
  // One that ends exactly where the rest begins still can be.
  const auto end = f.first_left() - 1;
  std::erase_if(f.heads, [&](const TreeHead& head) { return head.size > end; });
  check = compare_heads(f.heads, verify_journal(f.place(), sizes_of(f.heads)).value());
  CHECK(check.good_until == end);
  f.heads.pop_back();
  check = compare_heads(f.heads, verify_journal(f.place(), sizes_of(f.heads)).value());
  CHECK(check.checked == 0);
  CHECK(check.problem.find("deleted") == 0);
}

TEST_CASE("each record that is left is proved, whatever was deleted before it") {
  for (int deleted = 0; deleted <= 3; ++deleted) {
    Aged f;
    auto journal = f.open_without(deleted);
    f.append(*journal, 9);
    const TreeHead head{journal->head().seq, journal->tree().root()};
    const auto files = journal_files(f.place()).value();
    const auto proofs = make_proofs(
        files, [](const RecordView&) { return true; }, head, f.key.sign(head));
    REQUIRE(proofs);
    const auto proven = check_proofs(*proofs, f.key.verifier());
    REQUIRE(proven);
    CHECK(proven->records.size() == verify_journal(f.place())->records);
  }
}

TEST_CASE("who follows begins with what is left; who has read to its edge misses nothing") {
  Aged f;
  auto journal = f.open_without(0);
  const auto records = records_of(*journal);
  REQUIRE(f.delete_oldest(*journal));
  REQUIRE(f.delete_oldest(*journal));
  const auto left = f.first_left(), last = journal->head().seq;

  const Told all{Follower{f.place()}};
  CHECK(all.breaks.empty());
  CHECK(all.records.front() == left);
  CHECK(all.records.back() == last);

  const auto& edge = records[left - 2];
  const Told rest{Follower{f.place(), {edge.seq, edge.hash}}};
  CHECK(rest.breaks.empty());
  CHECK(rest.records == all.records);

  // Whoever was further back is told so, and what is left.
  const auto& lost = records[left - 3];
  const Told after{Follower{f.place(), {lost.seq, lost.hash}}};
  REQUIRE(after.breaks.size() == 1);
  CHECK(after.breaks[0].find("is not in the journal any more") != std::string::npos);
  CHECK(after.records == all.records);
}

TEST_CASE("a follower that stands at the end of a segment goes on when that is deleted under it") {
  Aged f;
  auto journal = f.open(Aged::options()).value();
  f.append(*journal, 9);
  Follower follower{f.place()};
  const auto nothing = [](const auto&...) { return Done{}; };
  REQUIRE(follower.read(1000, nothing, nothing) == Follower::More::no);
  const auto records = records_of(*journal);
  f.append(*journal, 1);
  REQUIRE(follower.read(1, nothing, nothing) == Follower::More::yes);
  CHECK(follower.position().seq == 10);
  REQUIRE(f.delete_oldest(*journal));
  std::vector<std::uint64_t> told;
  REQUIRE(follower.read(
      1000,
      [&](const RecordView& view, const Place&) {
        told.push_back(view.seq);
        return Done{};
      },
      [](const Break& found) -> Done { return fail("{}", found.message()); }));
  CHECK(told.front() == 11);
}

TEST_CASE("killed at any call of a deletion, the journal starts, is whole, and the next try finishes") {
  for (int killed_at = 0;; ++killed_at) {
    Aged f;
    f.open_without(0).reset();
    const int code = delete_and_be_killed(f, killed_at);
    REQUIRE(code != 1);
    auto journal = f.open(Aged::options());
    REQUIRE(journal);
    f.require_whole();
    while (fs::exists(f.segment(2))) REQUIRE(f.delete_oldest(**journal));
    f.require_whole();
    CHECK_FALSE(fs::exists(f.segment(1)));
    if (code != 0) continue;
    CHECK(killed_at >= 8);
    break;
  }
}

TEST_CASE("a deletion that fails leaves the segment, and one that may not last stops the journal") {
  Aged f;
  f.open_without(0).reset();
  bool unlink_fails = true, sync_fails = false;
  auto options = Aged::options();
  options.calls.unlink = [&](const char* path) { return unlink_fails ? (errno = EIO, -1) : ::unlink(path); };
  options.calls.sync_folder = [&](int fd) { return sync_fails ? (errno = EIO, -1) : ::fsync(fd); };
  auto journal = f.open(options).value();
  CHECK_FALSE(f.delete_oldest(*journal));
  CHECK(fs::exists(f.segment(1)));
  f.append(*journal, 1);
  unlink_fails = false;
  sync_fails = true;
  CHECK_FALSE(f.delete_oldest(*journal));
  CHECK_FALSE(journal->writable());
  sync_fails = false;
  f.append(*journal, 12);
  REQUIRE(f.delete_oldest(*journal));
  f.require_whole();
}

TEST_CASE(
    "what the last segment carries is all there, or nothing starts once the one before is deleted (I2)") {
  Aged f;
  f.open_without(3).reset();
  rewrite(f.place(), [](nlohmann::json& opening) { opening["carried"] = 3U; });  // it holds two
  CHECK_FALSE(verify_journal(f.place())->broken);
  const auto refused = f.open(Aged::options());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("what it carries over is not all there") != std::string::npos);
}

TEST_CASE("a segment also ends when it is old, if anything stands in it") {
  Aged f;
  auto options = Aged::options();
  options.segment_age = 24h;
  auto journal = f.open(options).value();
  CHECK_FALSE(journal->snapshot_due());
  f.append(*journal, 1);
  f.clock.advance(23h);
  CHECK_FALSE(journal->snapshot_due());
  journal.reset();
  journal = f.open(options).value();
  f.clock.advance(1h);
  REQUIRE(journal->snapshot_due());
  REQUIRE(journal->append_snapshot(kCarried));
  CHECK_FALSE(journal->snapshot_due());
  f.clock.advance(48h);
  CHECK_FALSE(journal->snapshot_due());  // nothing but what was carried
  f.append(*journal, 1);
  CHECK(journal_files(f.place())->size() == 3);
  f.require_whole();
}
