// The journal file: what it promises when all goes well, and what it refuses. Runs in: tests.
#include "gateway/audit/file_journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;
using namespace std::chrono_literals;

TEST_CASE("what was appended is there after a restart") {
  JournalFixture f;
  Position head;
  {
    auto journal = f.open().value();
    CHECK(journal->head() == Position{});
    REQUIRE(journal->append({"gateway.started", {{"version", "1"}}}, Weight::opening));
    const auto second = journal->append({"gateway.stopped", {{"reason", "x"}}}, Weight::closing);
    REQUIRE(second);
    head = *second;
    CHECK(journal->head() == head);
  }
  auto journal = f.open().value();
  CHECK(journal->head() == head);
  const auto records = records_of(*journal);
  REQUIRE(records.size() == 2);
  CHECK(records[1].event == "gateway.stopped");
  CHECK(records[1].prev == records[0].hash);
}

TEST_CASE("reading goes on behind a position, near and far") {
  JournalFixture f;
  f.write(1300);
  auto journal = f.open().value();
  const auto all = records_of(*journal);
  REQUIRE(all.size() == 1300);
  for (const std::size_t from : {1U, 511U, 512U, 513U, 1024U, 1299U, 1300U}) {
    const auto& last = all[from - 1];
    const auto rest = records_of(*journal, {last.seq, last.hash});
    REQUIRE(rest.size() == 1300 - from);
    if (!rest.empty()) CHECK(rest.front().seq == from + 1);
  }
  CHECK_FALSE(journal->read({5, std::string(64, 'a')}, [](const Record&) { return Done{}; }));
  CHECK_FALSE(journal->read({512, std::string(64, 'a')}, [](const Record&) { return Done{}; }));
  CHECK_FALSE(journal->read({9999, std::string(64, 'a')}, [](const Record&) { return Done{}; }));
}

TEST_CASE("a conditional append succeeds only where the chain still stands") {
  JournalFixture f;
  auto journal = f.open().value();
  const auto before = journal->head();
  REQUIRE(journal->append({"grant.claimed", {}}, Weight::opening, before));
  CHECK_FALSE(journal->append({"grant.claimed", {}}, Weight::opening, before));
  CHECK(journal->head().seq == 1);
  CHECK(journal->append({"grant.claimed", {}}, Weight::opening, journal->head()));
}

TEST_CASE("two gates cannot write one journal") {
  JournalFixture f;
  const auto first = f.open();
  REQUIRE(first);
  const auto second = f.open();
  REQUIRE_FALSE(second);
  CHECK(second.error().message().find("another sallyportd") != std::string::npos);
}

TEST_CASE("a gate that starts while the one before is still going away waits for it") {
  JournalFixture f;
  auto first = f.open().value();
  std::thread leaving{[&first] {
    std::this_thread::sleep_for(200ms);
    first.reset();
  }};
  const auto second = f.open();
  leaving.join();
  CHECK(second);
}

TEST_CASE("a clock that was set back is recorded as it is") {
  JournalFixture f;
  auto journal = f.open().value();
  REQUIRE(journal->append({"a", {}}, Weight::closing));
  f.clock.set_wall(f.clock.wall() - 24h);
  REQUIRE(journal->append({"b", {}}, Weight::closing));
  const auto records = records_of(*journal);
  CHECK(records[1].time < records[0].time);
  CHECK_FALSE(verify_journal(f.place())->broken);
}

TEST_CASE("the files are readable by their group only, the lock by nobody") {
  JournalFixture f;
  FileJournalOptions options;
  if (::geteuid() == 0) options.group = 4321;
  const auto journal = f.open(options);
  REQUIRE(journal);
  struct stat file {
  }, folder{}, lock{};
  REQUIRE(::stat(f.file().c_str(), &file) == 0);
  REQUIRE(::stat(f.place().c_str(), &folder) == 0);
  REQUIRE(::stat((f.place() / "journal.lock").c_str(), &lock) == 0);
  CHECK((file.st_mode & 07777) == 0640);
  CHECK((folder.st_mode & 07777) == 0750);
  CHECK((lock.st_mode & 07777) == 0600);
  if (options.group) CHECK(file.st_gid == 4321);
}

TEST_CASE("a journal that others can write, or that is a link, is refused") {
  JournalFixture f;
  f.write(1);
  SECTION("group may write") {
    ::chmod(f.file().c_str(), 0660);
    CHECK_FALSE(f.open());
  }
  SECTION("a link") {
    std::filesystem::rename(f.file(), f.folder.path() / "elsewhere");
    std::filesystem::create_symlink(f.folder.path() / "elsewhere", f.file());
    CHECK_FALSE(f.open());
  }
}

TEST_CASE("a journal that was changed, cut or removed under the gate is written no more") {
  JournalFixture f;
  auto journal = f.open().value();
  REQUIRE(journal->append({"a", {}}, Weight::closing));
  SECTION("foreign bytes") { put_contents(f.file(), contents_of(f.file()) + "x\n"); }
  SECTION("cut") { std::filesystem::resize_file(f.file(), 10); }
  SECTION("removed") { std::filesystem::remove(f.file()); }
  CHECK_FALSE(journal->append({"b", {}}, Weight::closing));
  CHECK_FALSE(journal->writable());
  CHECK(journal->head().seq == 1);
}

TEST_CASE("a record that no reader would take is refused, and nothing is written") {
  JournalFixture f;
  auto journal = f.open().value();
  CHECK_FALSE(journal->append({"a", {{"text", std::string(kLongestLine, 'x')}}}, Weight::opening));
  CHECK(contents_of(f.file()).empty());
  CHECK(journal->append({"b", {}}, Weight::opening));
}
