// A segment of the journal is deleted only behind a record that is durable (I5). Runs in: tests.
#include "gateway/audit/deleted_segments.h"
#include "gateway/core/ledger.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

TEST_CASE("on a full disk, or one that does not sync, no segment is deleted; later it is (I5)") {
  JournalFixture f;
  SystemRandom random;
  bool full = false, unsynced = false;
  FileJournalOptions options;
  options.segment_records = 10;
  options.calls.write = [&](int fd, const void* bytes, std::size_t size) -> ssize_t {
    return full ? (errno = ENOSPC, -1) : ::write(fd, bytes, size);
  };
  options.calls.fdatasync = [&](int fd) { return unsynced ? (errno = EIO, -1) : ::fdatasync(fd); };
  auto journal = f.open(options).value();
  auto ledger = Ledger::replay(*journal, f.clock, random).value();
  while (!ledger.oldest_segment().value()) REQUIRE(ledger.note({"gateway.started", {}}));
  const auto oldest = ledger.oldest_segment().value().value();
  const auto word =
      deletion_entry({oldest.number, oldest.end, oldest.latest, std::string(64, 'a'), 400, "root"});

  full = GENERATE(true, false);
  unsynced = !full;
  CHECK_FALSE(ledger.delete_segment(oldest, word));
  CHECK(std::filesystem::exists(f.file()));
  full = unsynced = false;
  REQUIRE(ledger.delete_segment(oldest, word));
  CHECK_FALSE(std::filesystem::exists(f.file()));
  CHECK_FALSE(verify_journal(f.place())->broken);
}
