// A disk that fills, fails and recovers under the journal. Runs in: tests.
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"
#include "tests/unit/gateway/audit/own_mounts.h"

using namespace sallyport;

namespace {

const Entry kOpening{"grant.enabled", {{"grant", "g-1"}}};
const Entry kClosing{"session.ended", {{"grant", "g-1"}}};

int failing(int code) {
  errno = code;
  return -1;
}

// What a test sets to make the next calls fail.
struct Faults {
  int write = 0, fdatasync = 0, ftruncate = 0, fallocate = 0;  // errno values; 0: works
  std::size_t shorten_to = 0;                                  // bytes of the next write; 0: all

  FileJournalOptions options() {
    FileJournalOptions options;
    options.calls.write = [this](int fd, const void* bytes, std::size_t size) -> ssize_t {
      if (shorten_to > 0) return ::write(fd, bytes, std::exchange(shorten_to, 0));
      return write ? failing(write) : ::write(fd, bytes, size);
    };
    options.calls.fdatasync = [this](int fd) { return fdatasync ? failing(fdatasync) : ::fdatasync(fd); };
    options.calls.ftruncate = [this](int fd, off_t size) {
      return ftruncate ? failing(ftruncate) : ::ftruncate(fd, size);
    };
    options.calls.fallocate = [this](int fd, int mode, off_t from, off_t size) {
      return fallocate ? failing(fallocate) : ::fallocate(fd, mode, from, size);
    };
    return options;
  }
};

struct FaultyJournal {
  JournalFixture f;
  Faults faults;
  std::unique_ptr<FileJournal> journal = f.open(faults.options()).value();

  FaultyJournal() { our_bug(!journal->append(kOpening, Weight::opening), "append"); }
  void require_good(std::uint64_t records) {
    REQUIRE(journal->head().seq == records);
    const auto verdict = verify_journal(f.place());
    REQUIRE(verdict);
    REQUIRE_FALSE(verdict->broken);
    REQUIRE_FALSE(verdict->torn);
    REQUIRE(verdict->head == journal->head());
  }
};

}  // namespace

TEST_CASE("a refused record leaves nothing in the file, and appending goes on when the fault is gone") {
  FaultyJournal t;
  SECTION("write fails") { t.faults.write = ENOSPC; }
  SECTION("write fails with EIO") { t.faults.write = EIO; }
  SECTION("sync fails") { t.faults.fdatasync = EIO; }
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(t.journal->append(kOpening, Weight::opening));
    CHECK_FALSE(t.journal->append(kClosing, Weight::closing));
  }
  t.require_good(1);
  t.faults.write = t.faults.fdatasync = 0;
  CHECK(t.journal->append(kClosing, Weight::closing));
  t.require_good(2);
}

TEST_CASE("a short write is cut back at every length") {
  FaultyJournal t;
  for (std::size_t size = 1; size < 150; size += 7) {
    t.faults.shorten_to = size;
    const auto refused = t.journal->append(kClosing, Weight::closing);
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().code() == ENOSPC);
    t.require_good(1);
  }
  CHECK(t.journal->append(kClosing, Weight::closing));
  t.require_good(2);
}

TEST_CASE("as long as the file cannot be cut back, nothing is appended behind the rest of a failed write") {
  FaultyJournal t;
  t.faults.shorten_to = 20;
  t.faults.ftruncate = EIO;
  CHECK_FALSE(t.journal->append(kClosing, Weight::closing));
  CHECK_FALSE(t.journal->append(kClosing, Weight::closing));
  CHECK_FALSE(t.journal->writable());
  CHECK(verify_journal(t.f.place())->torn);
  CHECK(records_of(*t.journal).size() == 1);
  t.faults.ftruncate = 0;
  CHECK(t.journal->writable());
  CHECK(t.journal->append(kClosing, Weight::closing));
  t.require_good(2);
}

TEST_CASE("after a failed sync the acknowledged end is read again, and nothing is trusted if it changed") {
  FaultyJournal t;
  t.faults.fdatasync = EIO;
  CHECK_FALSE(t.journal->append(kClosing, Weight::closing));
  t.faults.fdatasync = 0;
  auto bytes = contents_of(t.f.file());
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  put_contents(t.f.file(), bytes);
  CHECK_FALSE(t.journal->append(kClosing, Weight::closing));
  CHECK_FALSE(t.journal->writable());
}

TEST_CASE("without a reserve opening is refused and closing is not") {
  FaultyJournal t;
  FileJournalOptions options = t.faults.options();
  t.journal.reset();
  t.journal = t.f.open(options).value();
  t.faults.fallocate = ENOSPC;
  const auto refused = t.journal->append(kOpening, Weight::opening);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("is full") != std::string::npos);
  CHECK_FALSE(t.journal->writable());
  CHECK(t.journal->append(kClosing, Weight::closing));
  t.faults.fallocate = 0;
  CHECK(t.journal->append(kOpening, Weight::opening));
  t.require_good(3);
}

TEST_CASE("a file system that cannot reserve is asked for its free space") {
  FaultyJournal t;
  FileJournalOptions options = t.faults.options();
  t.journal.reset();
  t.faults.fallocate = EOPNOTSUPP;
  SECTION("there is room") { CHECK(t.f.open(options).value()->writable()); }
  SECTION("there is not") {
    options.reserve = std::uint64_t{1} << 60;
    CHECK_FALSE(t.f.open(options).value()->writable());
  }
}

TEST_CASE("a torn tail that cannot be noted at once is noted with the next record") {
  FaultyJournal t;
  t.journal.reset();
  put_contents(t.f.file(), contents_of(t.f.file()) + "{\"event\":");
  t.faults.write = ENOSPC;
  t.journal = t.f.open(t.faults.options()).value();
  CHECK(t.journal->head().seq == 1);
  t.faults.write = 0;
  REQUIRE(t.journal->append(kClosing, Weight::closing));
  const auto records = records_of(*t.journal);
  REQUIRE(records.size() == 3);
  CHECK(records[1].event == "journal.recovered");
  CHECK(records[1].fields["bytes"] == 9);
}

namespace {

struct Space {
  std::filesystem::path folder;
  FakeClock clock;

  void fill() const {
    const UniqueFd fd{::open((folder / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    for (std::size_t size = 65536; size > 0; size /= 2) {
      const std::string piece(size, 'x');
      while (::write(fd.get(), piece.data(), size) == static_cast<ssize_t>(size)) {
      }
    }
    ::fsync(fd.get());
  }
  void free_space() const { ::unlink((folder / "filler").c_str()); }
};

// The story of a full disk; 0, or the number of the step that did not hold. Runs in a mount namespace.
int live_through_a_full_disk(const std::filesystem::path& folder) {
  Space space{folder, {}};
  auto opened = FileJournal::open(folder / "journal", space.clock);
  if (!opened) return 1;
  auto& journal = **opened;
  if (!journal.append(kOpening, Weight::opening)) return 2;
  space.fill();
  // Opening stops before the reserve is used, closing finds hundreds of records' room in it.
  int opened_while_full = 0;
  while (journal.append(kOpening, Weight::opening))
    if (++opened_while_full > 5000) return 3;
  if (journal.writable()) return 4;
  for (int i = 0; i < 500; ++i)
    if (!journal.append(kClosing, Weight::closing)) return 5;
  // And when even that is used up, the file stays whole.
  int closed = 0;
  while (journal.append(kClosing, Weight::closing))
    if (++closed > 5000) return 6;
  const auto head = journal.head();
  auto verdict = verify_journal(folder / "journal");
  if (!verdict || verdict->broken || verdict->torn || verdict->head != head) return 7;
  space.free_space();
  if (!journal.writable() || !journal.append(kOpening, Weight::opening)) return 8;
  opened->reset();
  auto again = FileJournal::open(folder / "journal", space.clock);
  return again && (*again)->head().seq == head.seq + 1 ? 0 : 9;
}

}  // namespace

TEST_CASE("on a full disk closing goes on, opening waits for space, and nothing tears") {
  if (::geteuid() != 0) return;  // needs a mount
  TemporaryFolder folder;
  CHECK(in_own_mounts([&] {
          if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) return 99;
          return live_through_a_full_disk(folder.path());
        }) == 0);
}
