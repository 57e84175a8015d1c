// What one connection's prompts hand on. Runs in: unit tests.
#include "auth/respond/carried.h"

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const std::chrono::sys_seconds kNow = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
const Carried kRest{"000102030405060708090a0b0c0d0e0f", 2, "QUJD", kNow + 120s};

}  // namespace

TEST_CASE("what was put is taken once, and the file is gone") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "run";
  const CarriedFile file{path, "respond-signature-1-2"};
  CHECK(*file.take(kNow) == std::nullopt);
  REQUIRE(file.put(kRest, kNow));
  struct stat status {};
  REQUIRE(stat((path / "respond-signature-1-2").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(*file.take(kNow) == kRest);
  CHECK(*file.take(kNow) == std::nullopt);
  CHECK(std::filesystem::is_empty(path));
}

TEST_CASE("past its time nothing is handed on, and the file is gone all the same") {
  const TemporaryFolder folder;
  const CarriedFile file{folder.path(), "respond-signature-1-2"};
  REQUIRE(file.put(kRest, kNow));
  CHECK(*file.take(kNow + 120s) == std::nullopt);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("what others left behind goes when its time is past; what is not ours stays") {
  const TemporaryFolder folder;
  const CarriedFile late{folder.path(), "respond-signature-1-2"},
      other{folder.path(), "respond-question-3-4"};
  auto lasting = kRest;
  lasting.expires = kNow + 1h;
  REQUIRE(late.put(kRest, kNow));
  put_contents(folder.path() / "somebody's", "0\n\n0\n\n");
  REQUIRE(other.put(lasting, kNow + 121s));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "respond-signature-1-2"));
  CHECK(std::filesystem::exists(folder.path() / "somebody's"));
  CHECK(*other.take(kNow + 121s) == lasting);
}

TEST_CASE("a file that is not written as ours, or that others can read, hands nothing on") {
  const TemporaryFolder folder;
  const CarriedFile file{folder.path(), "respond-signature-1-2"};
  const auto path = folder.path() / "respond-signature-1-2";
  for (const char* text :
       {"", "x", "99999999999\nn\n2\n", "99999999999\nn\nx\nQUJD\n", "99999999999\nn\n2\nQUJD\nmore"}) {
    put_contents(path, text);
    chmod(path.c_str(), 0600);
    const auto taken = file.take(kNow);
    CHECK((!taken || !*taken || (*taken)->rest.empty()));
  }
  put_contents(path, "99999999999\nn\n2\nQUJD\n");
  chmod(path.c_str(), 0644);
  CHECK_FALSE(file.take(kNow));
}

TEST_CASE("each connection has a file of its own, told by the process that started us") {
  const auto one = CarriedFile::of_this_connection(CarriedKind::signature);
  setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
  CHECK(CarriedFile::of_this_connection(CarriedKind::question));
  unsetenv("XDG_RUNTIME_DIR");
  CHECK(one);
}
