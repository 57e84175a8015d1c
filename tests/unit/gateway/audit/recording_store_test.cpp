// Recordings: hashed as they grow, and whoever changes one is found. Runs in: tests.
#include "gateway/audit/recording_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

namespace {

struct StoreFixture {
  JournalFixture f;
  RecordingStore store = RecordingStore::open(f.folder.path()).value();
  std::filesystem::path file(const Recording& recording) const { return f.folder.path() / recording.path(); }
};

}  // namespace

TEST_CASE("a recording is hashed in pieces as it grows, to the hash of the whole file") {
  StoreFixture t;
  auto recording = t.store.create("s-1", 3).value();
  CHECK(recording.path() == "recordings/s-1/3.cast");
  const auto writer = recording.take_writer();
  std::string all;
  for (int i = 0; i < 50; ++i) {
    const std::string piece(static_cast<std::size_t>(i * 997), static_cast<char>('a' + i % 26));
    REQUIRE(write_all(writer.get(), piece));
    all += piece;
    const auto done = recording.advance(20000);
    REQUIRE(done);
    CHECK(*done <= 20000);
  }
  CHECK(recording.hashed() < all.size());
  const auto sum = recording.finish();
  REQUIRE(sum);
  CHECK(sum->size == all.size());
  CHECK(sum->sha256 == Sha256::hex_of(all));
  CHECK(sum->path == "recordings/s-1/3.cast");
  CHECK(t.store.close_left_over("s-1", 3)->sha256 == sum->sha256);
}

TEST_CASE("the worker's descriptor appends and can do nothing else") {
  StoreFixture t;
  auto recording = t.store.create("s-1", 1).value();
  const auto writer = recording.take_writer();
  REQUIRE(write_all(writer.get(), "abc"));
  ::lseek(writer.get(), 0, SEEK_SET);
  REQUIRE(write_all(writer.get(), "def"));
  char byte = 0;
  CHECK(::read(writer.get(), &byte, 1) == -1);
  CHECK(contents_of(t.file(recording)) == "abcdef");
  struct stat status {};
  REQUIRE(::fstat(writer.get(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("a recording that shrinks or goes away raises an alarm") {
  StoreFixture t;
  auto recording = t.store.create("s-1", 1).value();
  const auto writer = recording.take_writer();
  REQUIRE(write_all(writer.get(), std::string(1000, 'x')));
  REQUIRE(recording.advance());
  SECTION("cut") { REQUIRE(::ftruncate(writer.get(), 10) == 0); }
  SECTION("removed") { std::filesystem::remove(t.file(recording)); }
  CHECK_FALSE(recording.advance());
  CHECK_FALSE(recording.finish());
}

TEST_CASE("a recording is made once, under a plain name, and through no link") {
  StoreFixture t;
  REQUIRE(t.store.create("s-1", 1));
  CHECK_FALSE(t.store.create("s-1", 1));
  for (const char* name : {"", "..", "../x", "a/b", "S", "a.b"}) CHECK_FALSE(t.store.create(name, 1));
  std::filesystem::create_directory_symlink("/tmp", t.f.folder.path() / "recordings/s-2");
  CHECK_FALSE(t.store.create("s-2", 1));
}

TEST_CASE("no recording begins when the disk has no room for it") {
  JournalFixture f;
  RecordingOptions options;
  options.least_room = std::uint64_t{1} << 60;
  const auto store = RecordingStore::open(f.folder.path(), options).value();
  const auto refused = store.create("s-1", 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ENOSPC);
  CHECK_FALSE(store.room());
}

TEST_CASE("verification finds recordings that are missing, altered, or named outside the state folder") {
  StoreFixture t;
  auto recording = t.store.create("s-1", 1).value();
  REQUIRE(write_all(recording.take_writer().get(), "{\"version\":2}\n"));
  const auto sum = recording.finish().value();
  auto path = sum.path;
  std::string problem;
  SECTION("whole") {}
  SECTION("altered") { put_contents(t.file(recording), "{\"version\":3}\n"), problem = "altered"; }
  SECTION("longer") { put_contents(t.file(recording), "{\"version\":2}\nx"), problem = "altered"; }
  SECTION("missing") { std::filesystem::remove(t.file(recording)), problem = "missing"; }
  SECTION("elsewhere") { path = "../../../etc/hostname", problem = "no path below"; }
  auto journal = t.f.open().value();
  REQUIRE(journal->append(
      {"recording.closed",
       {{"session", "s-1"}, {"channel", 1}, {"path", path}, {"size", sum.size}, {"sha256", sum.sha256}}},
      Weight::closing));
  const auto verified = verify_all(t.f.place(), t.f.folder.path());
  REQUIRE(verified);
  const auto& check = verified->recordings;
  CHECK(check.checked == 1);
  REQUIRE(check.faults.size() == (problem.empty() ? 0 : 1));
  if (!problem.empty()) CHECK(check.faults[0].problem.find(problem) != std::string::npos);
}

TEST_CASE("a recording goes in both of its forms, as a killed compression leaves them") {
  TemporaryFolder folder;
  const auto store = RecordingStore::open(folder.path()).value();
  (void)store.create("s-1", 1).value();
  put_contents(folder.path() / "recordings/s-1/1.cast.zst", "x");
  REQUIRE(store.remove("s-1", 1));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "recordings/s-1"));
  CHECK_FALSE(store.remove("s-1", 1));
}
