// Recordings that are compressed after their end. Runs in: tests.
#include "gateway/review/recording_zstd.h"

#include <random>

#include "gateway/review/cast.h"
#include "gateway/review/recording_bytes.h"
#include "tests/catch.h"
#include "tests/unit/gateway/review/review_fixture.h"

using namespace sallyport;

namespace {

std::string long_recording() {
  std::string text = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
  std::mt19937 random{7};
  for (int i = 0; i < 40'000; ++i)
    text += fmt::format("[{}.5, \"o\", \"line {} {:08x}\\r\\n\"]\n", i, i, random());
  return text;
}

struct Compressed {
  TemporaryFolder folder;
  std::string text = long_recording();
  std::filesystem::path plain = folder.path() / "1.cast", file = folder.path() / "1.cast.zst";
  RecordingSum sum{{}, text.size(), Sha256::hex_of(text)};

  Compressed() { put_contents(plain, text); }
  Result<RecordingSum> found() const {
    return hash_contents(open_recording(plain.string()).value(), text.size());
  }
};

}  // namespace

TEST_CASE("a compressed recording is smaller, and the same to whoever reads it") {
  const Compressed c;
  REQUIRE(compress_recording(c.plain, c.sum));
  CHECK_FALSE(std::filesystem::exists(c.plain));
  CHECK(std::filesystem::file_size(c.file) * 3 < c.text.size());
  CHECK(c.found()->sha256 == c.sum.sha256);
  CHECK(read_cast(c.plain)->events.size() == 40'000);
}

TEST_CASE("one that is not what the journal says stays as it is") {
  const Compressed c;
  put_contents(c.plain, c.text + "x");
  CHECK_FALSE(compress_recording(c.plain, c.sum));
  CHECK(contents_of(c.plain) == c.text + "x");
  CHECK_FALSE(std::filesystem::exists(c.file));
}

TEST_CASE("what a crash left half written is in nobody's way") {
  const Compressed c;
  put_contents(c.folder.path() / "1.cast.new", "half");
  REQUIRE(compress_recording(c.plain, c.sum));
  CHECK(std::distance(std::filesystem::directory_iterator{c.folder.path()}, {}) == 1);
}

TEST_CASE("a compressed recording that was cut or altered anywhere is found") {
  const Compressed c;
  REQUIRE(compress_recording(c.plain, c.sum));
  const auto whole = contents_of(c.file);
  const auto is_sound = [&] {
    const auto found = c.found();
    return found && found->sha256 == c.sum.sha256 && found->size == c.sum.size;
  };
  std::mt19937 random{7};
  int unseen = 0;
  for (int i = 0; i < 60; ++i) {
    auto bytes = whole;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    put_contents(c.file, bytes);
    // The header of a frame has a bit that decoders ignore: then the content is the same.
    if (is_sound()) ++unseen;
  }
  CHECK(unseen <= 1);
  put_contents(c.file, whole.substr(0, whole.size() / 2));
  CHECK_FALSE(c.found());
  put_contents(c.file, whole.substr(0, whole.size() - 1));
  CHECK_FALSE(c.found());
}

TEST_CASE("a recording that unpacks to more than was recorded is not unpacked to its end") {
  const Compressed c;
  REQUIRE(compress_recording(c.plain, c.sum));
  const auto found = hash_contents(open_recording(c.plain.string()).value(), 1000);
  REQUIRE(found);
  CHECK(found->size > 1000);
  CHECK(found->size < 1'000'000);
}

TEST_CASE("verify reads both forms, and misses nothing that the journal says was deleted") {
  ReviewFixture f;
  f.enable("g-1");
  f.play("g-1", "s-1");
  const auto path = f.folder.path() / "recordings/s-1/1.cast";
  const auto text = contents_of(path);
  const RecordingSum sum{{}, text.size(), Sha256::hex_of(text)};
  const auto faults = [&] {
    return verify_all(f.place(), f.folder.path(), {}, hash_contents).value().recordings.faults.size();
  };
  REQUIRE(compress_recording(path, sum));
  CHECK(faults() == 0);
  auto store = RecordingStore::open(f.folder.path()).value();
  CHECK(store.reader("s-1", 1));
  REQUIRE(store.remove("s-1", 1));
  CHECK_FALSE(std::filesystem::exists(path.parent_path()));
  CHECK(faults() == 1);
  f.note("recording.deleted",
         {{"session", "s-1"}, {"path", "recordings/s-1/1.cast"}, {"sha256", std::string(64, '0')}});
  CHECK(faults() == 1);
  f.note("recording.deleted",
         {{"session", "s-1"}, {"path", "recordings/s-1/1.cast"}, {"sha256", sum.sha256}});
  CHECK(faults() == 0);
}
