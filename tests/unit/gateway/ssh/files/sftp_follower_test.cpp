// SFTP followed: what is reported of it, however its bytes are cut. Runs in: unit tests.
#include "base/sha256.h"
#include "tests/unit/gateway/ssh/files/sftp_talk.h"

using namespace sallyport;
using namespace sallyport::talk;

namespace {

const std::string kContent = "every byte of this is hashed, in its order";

std::string sha(const std::string& bytes) { return Sha256::hex_of(bytes); }

void upload(Talk& talk, const std::string& path, const std::string& content) {
  REQUIRE(talk.rep(open(1, path, sftp::writes | sftp::creates | sftp::truncates)));
  REQUIRE(talk.target(handle(1, "h0")));
  std::uint32_t id = 2;
  for (std::size_t at = 0; at < content.size(); at += 10)
    REQUIRE(talk.rep(write(id++, "h0", at, content.substr(at, 10))));
  for (std::uint32_t answered = 2; answered < id; ++answered) REQUIRE(talk.target(status(answered)));
  REQUIRE(talk.rep(close(id, "h0")));
  REQUIRE(talk.target(status(id)));
}

}  // namespace

TEST_CASE("an upload is reported once, with its hash, however the bytes are cut") {
  for (const auto cut : {Cut::whole, Cut::bytewise, Cut::random}) {
    Talk talk{FilesAllowed::both, cut};
    REQUIRE(talk.begin());
    upload(talk, "/tmp/a", kContent);
    REQUIRE(talk.files.size() == 1);
    const auto& file = talk.files[0];
    CHECK(file.act == FileAct::sent);
    CHECK(file.path == "/tmp/a");
    CHECK(file.size == kContent.size());
    CHECK(file.hash == FileHash::known);
    CHECK(file.sha256 == sha(kContent));
    CHECK(file.complete);
    talk.follower.finish();
    CHECK(talk.files.size() == 1);
  }
}

TEST_CASE("a download whose answers overtake each other has its hash") {
  for (const auto cut : {Cut::whole, Cut::bytewise, Cut::random}) {
    Talk talk{FilesAllowed::both, cut};
    REQUIRE(talk.begin());
    REQUIRE(talk.rep(open(1, "/var/hsc/log/a", sftp::reads)));
    REQUIRE(talk.target(handle(1, "h0")));
    for (std::uint32_t id = 2; id < 7; ++id) REQUIRE(talk.rep(read(id, "h0", (id - 2) * 10, 10)));
    for (const std::uint32_t id : {4U, 3U, 2U, 6U, 5U})
      REQUIRE(talk.target(data(id, kContent.substr((id - 2) * 10, 10))));
    REQUIRE(talk.rep(read(7, "h0", kContent.size(), 10)));
    REQUIRE(talk.target(status(7, sftp::eof)));
    REQUIRE(talk.rep(close(8, "h0")));
    REQUIRE(talk.target(status(8)));
    REQUIRE(talk.files.size() == 1);
    CHECK(talk.files[0].act == FileAct::fetched);
    CHECK(talk.files[0].sha256 == sha(kContent));
    CHECK(talk.files[0].complete);
  }
}

TEST_CASE("a download is complete when the target said its end, or its size") {
  Talk talk;
  REQUIRE(talk.begin());
  const auto ask_size = [&](const std::string& request, std::uint64_t size) {
    REQUIRE(talk.rep(request));
    REQUIRE(talk.target(attributes(9, size)));
  };
  bool complete = false, at_its_end = false;
  SECTION("neither: it was left off") {}
  SECTION("its end") { complete = at_its_end = true; }
  SECTION("the size of the path, before") {
    ask_size(on_path(sftp::stat, 9, "/a"), 4);
    complete = true;
  }
  SECTION("a larger size: it was left off") { ask_size(on_path(sftp::lstat, 9, "/a"), 5); }
  REQUIRE(talk.rep(open(1, "/a", sftp::reads)));
  REQUIRE(talk.target(handle(1, "h")));
  SECTION("the size of the open file") {
    ask_size(Packet{sftp::fstat}.u32(9).text("h"), 4);
    complete = true;
  }
  REQUIRE(talk.rep(read(2, "h", 0, 4)));
  REQUIRE(talk.target(data(2, "four")));
  if (at_its_end) {
    REQUIRE(talk.rep(read(3, "h", 4, 4)));
    REQUIRE(talk.target(status(3, sftp::eof)));
  }
  REQUIRE(talk.rep(close(4, "h")));
  REQUIRE(talk.target(status(4)));
  REQUIRE(talk.files.size() == 1);
  CHECK(talk.files[0].size == 4);
  CHECK(talk.files[0].complete == complete);
}

TEST_CASE("what was read only in part, out of order or not from its start says so") {
  Talk talk;
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(open(1, "/a", sftp::reads)));
  REQUIRE(talk.target(handle(1, "h")));
  auto expected = FileHash::known;
  SECTION("from the middle on, as a resumed transfer is") {
    REQUIRE(talk.rep(read(2, "h", 5, 4)));
    REQUIRE(talk.target(data(2, "four")));
    expected = FileHash::not_from_start;
  }
  SECTION("from far behind") {
    REQUIRE(talk.rep(read(2, "h", 1ULL << 40, 4)));
    REQUIRE(talk.target(data(2, "four")));
    expected = FileHash::not_from_start;
  }
  SECTION("with a hole") {
    REQUIRE(talk.rep(read(2, "h", 0, 4) + read(3, "h", 8, 4)));
    REQUIRE(talk.target(data(2, "four") + data(3, "more")));
    expected = FileHash::not_in_order;
  }
  SECTION("a piece twice") {
    REQUIRE(talk.rep(read(2, "h", 0, 4) + read(3, "h", 0, 4)));
    REQUIRE(talk.target(data(2, "four") + data(3, "four")));
    expected = FileHash::not_in_order;
  }
  talk.follower.finish();
  REQUIRE(talk.files.size() == 1);
  CHECK(talk.files[0].hash == expected);
  CHECK(talk.files[0].sha256.empty() == (expected != FileHash::known));
  CHECK_FALSE(talk.files[0].complete);
}

TEST_CASE("an upload that failed, broke off or was not acknowledged is not complete") {
  Talk talk;
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(open(1, "/a", sftp::writes | sftp::creates | sftp::truncates)));
  REQUIRE(talk.target(handle(1, "h")));
  REQUIRE(talk.rep(write(2, "h", 0, "data")));
  SECTION("the channel ended") {}
  SECTION("the disk was full") {
    REQUIRE(talk.target(status(2, 4)));
    REQUIRE(talk.rep(close(3, "h")));
    REQUIRE(talk.target(status(3)));
  }
  SECTION("nobody said that it was written") {
    REQUIRE(talk.rep(close(3, "h")));
    REQUIRE(talk.target(status(3)));
  }
  SECTION("the close failed") {
    REQUIRE(talk.target(status(2)));
    REQUIRE(talk.rep(close(3, "h")));
    REQUIRE(talk.target(status(3, 4)));
  }
  talk.follower.finish();
  REQUIRE(talk.files.size() == 1);
  CHECK_FALSE(talk.files[0].complete);
  CHECK(talk.files[0].size == 4);
}

TEST_CASE("an empty file is a file") {
  Talk talk;
  REQUIRE(talk.begin());
  upload(talk, "/empty", "");
  REQUIRE(talk.files.size() == 1);
  CHECK(talk.files[0].complete);
  CHECK(talk.files[0].sha256 == sha(""));
}

TEST_CASE("what was opened and not read is no transfer; an empty file that was read is one") {
  Talk talk;
  REQUIRE(talk.begin());
  const bool reads = GENERATE(false, true);
  REQUIRE(talk.rep(open(1, "/a", sftp::reads)));
  REQUIRE(talk.target(handle(1, "h")));
  if (reads) {
    REQUIRE(talk.rep(read(2, "h", 0, 4)));
    REQUIRE(talk.target(status(2, sftp::eof)));
  }
  REQUIRE(talk.rep(close(3, "h")));
  REQUIRE(talk.target(status(3)));
  REQUIRE(talk.files.size() == (reads ? 1U : 0U));
  if (reads) CHECK(talk.files[0].complete);
}

TEST_CASE("a file that was appended to, or cut while it was open, has no hash") {
  Talk talk;
  REQUIRE(talk.begin());
  const bool append = GENERATE(true, false);
  REQUIRE(talk.rep(open(1, "/a", sftp::writes | (append ? sftp::appends : sftp::creates))));
  REQUIRE(talk.target(handle(1, "h")));
  REQUIRE(talk.rep(write(2, "h", 0, "data")));
  REQUIRE(talk.target(status(2)));
  if (!append) {
    REQUIRE(talk.rep(Packet{sftp::fsetstat}.u32(3).text("h").u32(sftp::has_size).u64(2)));
    REQUIRE(talk.target(status(3)));
  }
  talk.follower.finish();
  REQUIRE(talk.files.size() == 1);
  CHECK(talk.files[0].hash == (append ? FileHash::appended : FileHash::changed_there));
}

TEST_CASE("changes are reported when the target has done them, and only then") {
  Talk talk;
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(
      on_path(sftp::remove, 1, "/a") + on_path(sftp::mkdir, 2, "/d") + on_path(sftp::rmdir, 3, "/d") +
      std::string{Packet{sftp::rename}.u32(4).text("/from").text("/to")} +
      std::string{Packet{sftp::symlink}.u32(5).text("points-to").text("/link")} +
      std::string{Packet{sftp::setstat}.u32(6).text("/m").u32(4 | 2).u32(0).u32(7).u32(0100600)} +
      std::string{Packet{sftp::extended}.u32(7).text("posix-rename@openssh.com").text("/p").text("/q")} +
      std::string{Packet{sftp::extended}.u32(8).text("hardlink@openssh.com").text("/old").text("/new")} +
      on_path(sftp::remove, 9, "/fails")));
  CHECK(talk.files.empty());
  for (std::uint32_t id = 1; id < 9; ++id) REQUIRE(talk.target(status(id)));
  REQUIRE(talk.target(status(9, 2)));
  REQUIRE(talk.files.size() == 8);
  CHECK(talk.files[0].act == FileAct::removed);
  CHECK(talk.files[1].act == FileAct::folder_made);
  CHECK(talk.files[2].act == FileAct::folder_removed);
  CHECK(talk.files[3].path == "/from");
  CHECK(talk.files[3].other == "/to");
  CHECK(talk.files[4].path == "/link");
  CHECK(talk.files[4].other == "points-to");
  CHECK(talk.files[5].detail == "owner 0:7, mode 0600");
  CHECK(talk.files[6].act == FileAct::renamed);
  CHECK(talk.files[7].act == FileAct::hard_link);
  CHECK(talk.files[7].path == "/new");
}

TEST_CASE("a copy that the target makes itself is a copy, and no transfer") {
  Talk talk;
  REQUIRE(talk.begin());
  REQUIRE(
      talk.rep(open(1, "/a", sftp::reads) + open(2, "/b", sftp::writes | sftp::creates | sftp::truncates)));
  REQUIRE(talk.target(handle(1, "ha") + handle(2, "hb")));
  REQUIRE(
      talk.rep(Packet{sftp::extended}.u32(3).text("copy-data").text("ha").u64(0).u64(0).text("hb").u64(0)));
  REQUIRE(talk.target(status(3)));
  REQUIRE(talk.rep(close(4, "ha") + close(5, "hb")));
  REQUIRE(talk.target(status(4) + status(5)));
  REQUIRE(talk.files.size() == 1);
  CHECK(talk.files[0].act == FileAct::copied);
  CHECK(talk.files[0].path == "/a");
  CHECK(talk.files[0].other == "/b");
}

TEST_CASE("requests of no consequence, and those nobody knows, go by") {
  Talk talk;
  REQUIRE(talk.begin());
  REQUIRE(talk.rep(
      std::string{Packet{sftp::extended}.u32(1).text("limits@openssh.com")} +
      std::string{Packet{sftp::extended}.u32(2).text("users-groups-by-id@openssh.com").text("1234")} +
      std::string{Packet{sftp::extended}.u32(3).text("unheard-of@example.org").text("x")} +
      std::string{Packet{77}.u32(4).text("?")} + on_path(sftp::opendir, 5, "/")));
  REQUIRE(talk.target(std::string{Packet{sftp::extended_reply}.u32(1).u64(1)} +
                      std::string{Packet{sftp::extended_reply}.u32(2).text("")} + status(3, 8) +
                      status(4, 8) + handle(5, "d")));
  REQUIRE(talk.rep(Packet{sftp::readdir}.u32(6).text("d")));
  REQUIRE(talk.target(Packet{sftp::name}.u32(6).u32(1).text("a").text("-rw a").u32(0)));
  talk.follower.finish();
  CHECK(talk.files.empty());
}

TEST_CASE("a client may ask before the target has named its version, and begin with number 0") {
  Talk talk{GENERATE(FilesAllowed::both, FilesAllowed::to_target)};
  REQUIRE(talk.rep(init() + on_path(sftp::remove, 0, "/a")));
  REQUIRE(talk.target(version() + status(0)));
  REQUIRE(talk.files.size() == 1);
  CHECK(talk.files[0].act == FileAct::removed);
  CHECK_FALSE(talk.target(version()));
}

TEST_CASE("what is not SFTP is said to be that") {
  Talk talk;
  SECTION("a client that begins otherwise") { CHECK_FALSE(talk.rep("scp speaks like this")); }
  SECTION("a target that greets with words") {
    REQUIRE(talk.rep(init()));
    CHECK_FALSE(talk.target("Welcome to this machine!\n"));
  }
  SECTION("a newer version") {
    REQUIRE(talk.rep(init(6)));
    CHECK_FALSE(talk.target(version(4)));
  }
  SECTION("an answer to nothing") {
    REQUIRE(talk.begin());
    CHECK_FALSE(talk.target(status(1)));
  }
  SECTION("a number used twice") {
    REQUIRE(talk.begin());
    CHECK_FALSE(talk.rep(on_path(sftp::remove, 1, "/a") + on_path(sftp::remove, 1, "/b")));
  }
  SECTION("a packet that is too long, or has no length") {
    REQUIRE(talk.begin());
    CHECK_FALSE(talk.rep(std::string(GENERATE(0, 1) == 0 ? std::string(4, '\0') : std::string(4, '\x7f'))));
  }
  SECTION("a request cut short") {
    REQUIRE(talk.begin());
    CHECK_FALSE(talk.rep(Packet{sftp::open}.u32(1).u32(5000)));
  }
  SECTION("a write that promises more than its packet has") {
    REQUIRE(talk.begin());
    REQUIRE(talk.rep(open(1, "/a", sftp::writes)));
    REQUIRE(talk.target(handle(1, "h")));
    CHECK_FALSE(talk.rep(Packet{sftp::write}.u32(2).text("h").u64(0).u32(100).u32(0)));
  }
  SECTION("a write to a file that nobody opened") {
    REQUIRE(talk.begin());
    CHECK_FALSE(talk.rep(write(1, "guessed", 0, "data")));
  }
  SECTION("more data than was asked for") {
    REQUIRE(talk.begin());
    REQUIRE(talk.rep(open(1, "/a", sftp::reads)));
    REQUIRE(talk.target(handle(1, "h")));
    REQUIRE(talk.rep(read(2, "h", 0, 4)));
    CHECK_FALSE(talk.target(data(2, "five!")));
  }
}

TEST_CASE("memory is bounded: requests, files and what is held back") {
  Talk talk;
  REQUIRE(talk.begin());
  SECTION("requests without an answer") {
    std::uint32_t id = 1;
    while (id < 100'000 && talk.rep(Packet{sftp::readdir}.u32(id).text("d"))) ++id;
    CHECK(id <= SftpState::kMostWaiting + 1);
  }
  SECTION("paths of requests without an answer") {
    const std::string path(60'000, 'x');
    std::uint32_t id = 1;
    while (id < 100'000 && talk.rep(on_path(sftp::remove, id, path))) ++id;
    CHECK(id <= SftpState::kMostWaitingText / path.size() + 1);
  }
  SECTION("open files") {
    std::uint32_t id = 1;
    while (id < 100'000 && talk.rep(open(id, "/a", sftp::reads)) &&
           talk.target(handle(id, std::to_string(id))))
      ++id;
    CHECK(id <= SftpState::kMostFiles + 1);
  }
  SECTION("data far ahead") {
    REQUIRE(talk.rep(open(1, "/a", sftp::reads)));
    REQUIRE(talk.target(handle(1, "h")));
    const std::string piece(60'000, 'x');
    for (std::uint32_t id = 2; id < 200; ++id) {
      REQUIRE(talk.rep(read(id, "h", id * 60'000ULL, 60'000)));
      REQUIRE(talk.target(data(id, piece)));
    }
    talk.follower.finish();
    CHECK(talk.files[0].hash == FileHash::not_from_start);
  }
}
