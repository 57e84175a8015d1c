// SFTP under a policy that restricts files: what is refused never reaches the target, and its answer stands
// in its place. Runs in: unit tests.
#include "tests/unit/gateway/ssh/files/sftp_talk.h"

using namespace sallyport;
using namespace sallyport::talk;

namespace {

std::string refusal(std::uint32_t id, std::string_view sentence) {
  return Packet{sftp::status}.u32(id).u32(sftp::permission_denied).text(sentence).text("en");
}
const std::string kNothingThere = "the policy of this session lets nothing be changed at the target";
const std::string kNothingHere = "the policy of this session lets no file come from the target";
const std::string kUnknown = "the gate does not know this request or file, and the policy restricts files";

}  // namespace

TEST_CASE("with files = \"to-target\" an upload passes as it is, and a download is refused") {
  for (const auto cut : {Cut::whole, Cut::bytewise, Cut::random}) {
    Talk talk{FilesAllowed::to_target, cut};
    REQUIRE(talk.begin());
    const auto up = open(1, "/a", sftp::writes | sftp::creates | sftp::truncates);
    const auto down = open(2, "/etc/shadow", sftp::reads);
    const auto list = on_path(sftp::opendir, 3, "/");
    REQUIRE(talk.rep(up + down + list));
    CHECK(talk.to_target == init() + up + list);
    const auto answers = handle(1, "h") + handle(3, "d");
    CHECK(talk.to_rep == version());  // the first has not been answered yet
    REQUIRE(talk.target(answers));
    CHECK(talk.to_rep == version() + handle(1, "h") + refusal(2, kNothingHere) + handle(3, "d"));
    REQUIRE(talk.files.size() == 1);
    CHECK(talk.files[0].act == FileAct::refused);
    CHECK(talk.files[0].path == "/etc/shadow");
    CHECK(talk.files[0].detail == "open to read: " + kNothingHere);
    const auto data_there = write(4, "h", 0, "data");
    REQUIRE(talk.rep(data_there));
    CHECK(talk.to_target.ends_with(data_there));
  }
}

TEST_CASE("with files = \"from-target\" nothing at the target is changed") {
  const std::string tries[] = {
      open(1, "/a", sftp::writes),
      open(1, "/a", sftp::reads | sftp::writes),
      open(1, "/a", sftp::reads | sftp::truncates),
      open(1, "/a", sftp::reads | sftp::creates),
      open(1, "/a", sftp::reads | 0x80),
      on_path(sftp::remove, 1, "/a"),
      on_path(sftp::mkdir, 1, "/a"),
      on_path(sftp::rmdir, 1, "/a"),
      on_path(sftp::setstat, 1, "/a"),
      Packet{sftp::fsetstat}.u32(1).text("h").u32(0),
      Packet{sftp::rename}.u32(1).text("/a").text("/b"),
      Packet{sftp::symlink}.u32(1).text("/a").text("/b"),
      write(1, "h", 0, "data"),
      Packet{sftp::extended}.u32(1).text("posix-rename@openssh.com").text("/a").text("/b"),
      Packet{sftp::extended}.u32(1).text("hardlink@openssh.com").text("/a").text("/b"),
      Packet{sftp::extended}.u32(1).text("lsetstat@openssh.com").text("/a").u32(0),
      Packet{sftp::extended}.u32(1).text("copy-data").text("h").u64(0).u64(0).text("h").u64(0),
  };
  for (const auto cut : {Cut::whole, Cut::bytewise}) {
    for (const auto& request : tries) {
      Talk talk{FilesAllowed::from_target, cut};
      REQUIRE(talk.begin());
      REQUIRE(talk.rep(request));
      CHECK(talk.to_target == init());
      CHECK(talk.to_rep == version() + refusal(1, kNothingThere));
      REQUIRE(talk.files.size() == 1);
      CHECK(talk.files[0].act == FileAct::refused);
    }
  }
}

TEST_CASE("a request that the gate does not know is refused where the policy restricts files") {
  const std::string tries[] = {Packet{77}.u32(1).text("?"),
                               Packet{sftp::extended}.u32(1).text("unheard-of@example.org").text("x"),
                               write(1, "guessed", 0, "data"), read(1, "guessed", 0, 100)};
  Talk talk{FilesAllowed::to_target};
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(tries[0] + tries[1] + tries[2]));
  CHECK(talk.to_target == init());
  CHECK(talk.to_rep == version() + refusal(1, kUnknown) + refusal(1, kUnknown) + refusal(1, kUnknown));
  Talk reading{FilesAllowed::from_target};
  REQUIRE(reading.begin());
  REQUIRE(reading.rep(tries[3]));
  CHECK(reading.to_rep == version() + refusal(1, kUnknown));
}

TEST_CASE("a refusal never stands inside an answer of the target") {
  Talk talk{FilesAllowed::from_target};
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(open(1, "/a", sftp::reads)));
  REQUIRE(talk.target(handle(1, "h")));
  REQUIRE(talk.rep(read(2, "h", 0, 100) + on_path(sftp::stat, 3, "/b") + on_path(sftp::remove, 4, "/a")));
  const auto answer = data(2, std::string(100, 'x'));
  REQUIRE(talk.target(answer.substr(0, 50)));
  const auto before = version() + handle(1, "h") + answer.substr(0, 50);
  CHECK(talk.to_rep == before);
  REQUIRE(talk.target(answer.substr(50)));
  CHECK(talk.to_rep == before + answer.substr(50));
  REQUIRE(talk.target(attributes(3, 1).substr(0, 7)));
  REQUIRE(talk.target(attributes(3, 1).substr(7)));
  CHECK(talk.to_rep == before + answer.substr(50) + attributes(3, 1) + refusal(4, kNothingThere));
}

TEST_CASE("the versions that the gate does not read are not asked for") {
  Talk talk{FilesAllowed::to_target};
  REQUIRE(talk.rep(init(6)));
  CHECK(talk.to_target == init(3));
  CHECK_FALSE(talk.target(version(6)));
  CHECK(talk.to_rep.empty());
}

TEST_CASE("without restrictions nothing is edited") {
  Talk talk{FilesAllowed::both};
  CHECK_FALSE(talk.follower.edits());
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(on_path(sftp::remove, 1, "/a")));
  CHECK(talk.to_target.empty());
  CHECK(talk.to_rep.empty());
}
