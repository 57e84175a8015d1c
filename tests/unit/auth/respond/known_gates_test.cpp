// The list of known gates. Runs in: unit tests.
#include "auth/respond/known_gates.h"

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/unit/auth/respond/sample_challenge.h"

using namespace sallyport;

namespace {

const std::string kLine = "gate1 " + kSampleHostKey + " 2026-03-01T00:00:00Z\n";
const std::string kOther = "SHA256:" + std::string(43, 'A');

}  // namespace

TEST_CASE("a list of gates keeps comments and may name a gate twice") {
  const auto known = KnownGates::parse("# mine\n\n" + kLine + "gate1 " + kOther + " 2026-04-01T00:00:00Z\n");
  REQUIRE(known);
  CHECK(known->named("gate1").size() == 2);
  CHECK(known->named("gate2").empty());
}

TEST_CASE("a list with one bad line is refused whole, and the line is named") {
  for (const auto& bad :
       {std::string{"gate2\n"}, std::string{"gate2 SHA256:short 2026-03-01T00:00:00Z\n"},
        "gate2 " + kOther + "\n", "gate2 " + kOther + " yesterday\n",
        "gate2 " + kOther + " 2026-03-01T00:00:00Z more\n", "gate2  " + kOther + " 2026-03-01T00:00:00Z\n",
        " gate2 " + kOther + " 2026-03-01T00:00:00Z\n", "gate2\t" + kOther + "\t2026-03-01T00:00:00Z\n"}) {
    const auto known = KnownGates::parse(kLine + bad);
    INFO(bad);
    REQUIRE_FALSE(known);
    CHECK(known.error().message().find("line 2") != std::string::npos);
  }
}

TEST_CASE("a gate is added once, and forgotten with all its lines; the rest stays as it was") {
  const TemporaryFolder folder;
  const FakeClock clock;
  const auto file = folder.path() / "config/known_gates";
  REQUIRE(add_known_gate(file, "gate1", kSampleHostKey, clock.wall()));
  REQUIRE(add_known_gate(file, "gate1", kSampleHostKey, clock.wall()));
  CHECK(contents_of(file) == kLine);
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);

  put_contents(file,
               "# mine\n" + kLine + "gate2 " + kOther + " 2026-03-01T00:00:00Z");  // no newline at the end
  REQUIRE(add_known_gate(file, "gate1", kOther, clock.wall()));
  REQUIRE(forget_known_gate(file, "gate1"));
  CHECK(contents_of(file) == "# mine\ngate2 " + kOther + " 2026-03-01T00:00:00Z\n");
  CHECK_FALSE(forget_known_gate(file, "gate1"));
}

TEST_CASE("a list that somebody else could have written is refused") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "known_gates";
  put_contents(file, kLine);
  chmod(file.c_str(), 0644);
  CHECK(read_known_gates(file));
  chmod(file.c_str(), 0664);
  CHECK_FALSE(read_known_gates(file));
}

TEST_CASE("no name makes a line of its own") {
  const TemporaryFolder folder;
  const FakeClock clock;
  const auto file = folder.path() / "known_gates";
  for (const char* name : {"", "a b", "a\nb", "#a", "a\x1b", "\xc3\xa4"})
    CHECK_FALSE(add_known_gate(file, name, kSampleHostKey, clock.wall()));
}
