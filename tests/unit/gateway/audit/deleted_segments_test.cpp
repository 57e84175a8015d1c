// Segments that are deleted as old: what is left is whole and goes on; what is gone without a record of it is
// missing; and no kill in between leaves a journal that does not start. Runs in: tests.
#include <sys/wait.h>

#include "tests/unit/gateway/audit/aged_journal.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

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
