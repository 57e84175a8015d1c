// scp's old protocol followed, and the commands that start it. Runs in: unit tests.
#include "gateway/ssh/files/scp_follower.h"

#include "base/sha256.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

struct Talk {
  explicit Talk(const std::string& command, bool bytewise = false)
      : cut(bytewise ? 1 : std::string::npos),
        follower(transfer_command(ChannelKind::exec, command),
                 [this](TellFile&& told) { files.push_back(std::move(told)); }) {}
  bool rep(std::string_view bytes) { return feed(bytes, &ScpFollower::from_rep); }
  bool target(std::string_view bytes) { return feed(bytes, &ScpFollower::from_target); }
  std::size_t cut;
  std::vector<TellFile> files;
  ScpFollower follower;

 private:
  bool feed(std::string_view bytes, Done (ScpFollower::*way)(std::string_view)) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(cut, bytes.size())))
      if (!(follower.*way)(bytes.substr(0, cut))) return false;
    return true;
  }
};

const std::string_view kZero{"\0", 1};

Carrier carrier(std::string_view command) { return transfer_command(ChannelKind::exec, command).carrier; }

}  // namespace

TEST_CASE("a program that moves files is known by its command line") {
  CHECK(carrier("scp -t there") == Carrier::scp_sink);
  CHECK(carrier("scp -v -r -p -d -t -- -odd") == Carrier::scp_sink);
  CHECK(carrier("/usr/bin/scp -pf 'a file'") == Carrier::scp_source);
  CHECK(carrier("LC_ALL=C sudo scp -f x; echo done") == Carrier::scp_source);
  CHECK(carrier("rsync --server -vlogDtpre.iLsfxC . there") == Carrier::rsync);
  CHECK(carrier("/usr/lib/openssh/sftp-server") == Carrier::sftp);
  CHECK(carrier("exec sftp-server -l INFO") == Carrier::sftp);
  for (const auto* other : {"", "ls", "scp a b", "echo scp -t x", "rsync -a here there", "\"\"", "'unended"})
    CHECK(carrier(other) == Carrier::opaque);
  CHECK(transfer_command(ChannelKind::subsystem, "sftp").carrier == Carrier::sftp);
  CHECK(transfer_command(ChannelKind::shell, "scp -t x").carrier == Carrier::opaque);
  CHECK(transfer_command(ChannelKind::exec, R"(scp -f 'a b' "c\"d" e\ f)").paths ==
        std::vector<std::string>{"a b", "c\"d", "e f"});
}

TEST_CASE("scp to the target: a file, its hash, its path and its name") {
  const bool bytewise = GENERATE(false, true);
  Talk talk{"scp -p -t /tmp/there", bytewise};
  REQUIRE(talk.target(kZero));
  REQUIRE(talk.rep("T1700000000 0 1700000000 0\n"));
  REQUIRE(talk.target(kZero));
  REQUIRE(talk.rep("C0640 5 here.eed\n"));
  REQUIRE(talk.target(kZero));
  REQUIRE(talk.rep("hello"));
  REQUIRE(talk.rep(kZero));
  CHECK(talk.files.empty());
  REQUIRE(talk.target(kZero));
  REQUIRE(talk.files.size() == 1);
  const auto& file = talk.files[0];
  CHECK(file.act == FileAct::sent);
  CHECK(file.path == "/tmp/there");
  CHECK(file.other == "here.eed");
  CHECK(file.size == 5);
  CHECK(file.sha256 == Sha256::hex_of("hello"));
  CHECK(file.complete);
  CHECK(file.detail == "mode 0640");
}

TEST_CASE("scp from the target, with folders") {
  const bool bytewise = GENERATE(false, true);
  Talk talk{"scp -r -f /var/log", bytewise};
  const std::string_view steps[] = {"D0755 0 log\n",   "C0644 3 a\n", "abcX", "D0755 0 deep\n",
                                    "C0600 0 empty\n", "X",           "E\n",  "E\n"};
  REQUIRE(talk.rep(kZero));
  for (const auto step : steps) {
    std::string bytes{step};
    if (bytes.back() == 'X') bytes.back() = '\0';
    REQUIRE(talk.target(bytes));
    REQUIRE(talk.rep(kZero));
  }
  REQUIRE(talk.files.size() == 2);
  CHECK(talk.files[0].path == "/var/log/a");
  CHECK(talk.files[0].act == FileAct::fetched);
  CHECK(talk.files[0].sha256 == Sha256::hex_of("abc"));
  CHECK(talk.files[1].path == "/var/log/deep/empty");
  CHECK(talk.files[1].complete);
}

TEST_CASE("scp's errors are no files") {
  SECTION("the source cannot read what was asked for") {
    Talk talk{"scp -f missing"};
    REQUIRE(talk.rep(kZero));
    REQUIRE(talk.target("\1scp: missing: No such file or directory\n"));
    talk.follower.finish();
    CHECK(talk.files.empty());
  }
  SECTION("the sink takes no such file, and the next one well") {
    Talk talk{"scp -d -t folder"};
    REQUIRE(talk.target(kZero));
    REQUIRE(talk.rep("C0644 5 no\n"));
    REQUIRE(talk.target("\1scp: folder/no: Permission denied\n"));
    REQUIRE(talk.rep("C0644 2 yes\n"));
    REQUIRE(talk.target(kZero));
    REQUIRE(talk.rep(std::string{"ok"} + '\0'));
    REQUIRE(talk.target(kZero));
    REQUIRE(talk.files.size() == 2);
    CHECK_FALSE(talk.files[0].complete);
    CHECK(talk.files[0].size == 0);
    CHECK(talk.files[1].path == "folder/yes");
    CHECK(talk.files[1].complete);
  }
  SECTION("the source could not read to the end, or the sink not write it") {
    Talk talk{"scp -t there"};
    REQUIRE(talk.target(kZero));
    REQUIRE(talk.rep("C0644 5 a\n"));
    REQUIRE(talk.target(kZero));
    const bool source_fails = GENERATE(true, false);
    REQUIRE(
        talk.rep(source_fails ? std::string{"hello\1a: Input/output error\n"} : std::string{"hello"} + '\0'));
    REQUIRE(talk.target(source_fails ? kZero : std::string_view{"\1scp: there: No space left on device\n"}));
    REQUIRE(talk.files.size() == 1);
    CHECK_FALSE(talk.files[0].complete);
  }
  SECTION("it breaks off") {
    Talk talk{"scp -t there"};
    REQUIRE(talk.target(kZero));
    REQUIRE(talk.rep("C0644 5 a\n"));
    REQUIRE(talk.target(kZero));
    REQUIRE(talk.rep("hel"));
    talk.follower.finish();
    REQUIRE(talk.files.size() == 1);
    CHECK(talk.files[0].size == 3);
    CHECK_FALSE(talk.files[0].complete);
  }
}

TEST_CASE("a client that waits for no answers is followed while they are good") {
  Talk talk{"scp -t there"};
  REQUIRE(talk.rep(std::string{"C0644 5 a\nhello"} + '\0'));
  SECTION("they are") {
    REQUIRE(talk.target(std::string(3, '\0')));
    REQUIRE(talk.files.size() == 1);
    CHECK(talk.files[0].complete);
  }
  // Then the target takes the data for records: "hello" might be "C0644 9 hidden".
  SECTION("they are not") { CHECK_FALSE(talk.target(std::string{"\0\1no\n", 5})); }
}

TEST_CASE("what is not scp is said to be that") {
  Talk talk{"scp -t there"};
  REQUIRE(talk.target(kZero));
  SECTION("an unknown record") { CHECK_FALSE(talk.rep("X\n")); }
  SECTION("an empty record") { CHECK_FALSE(talk.rep("\n")); }
  SECTION("no size") { CHECK_FALSE(talk.rep("C0644 name\n")); }
  SECTION("a negative size") { CHECK_FALSE(talk.rep("C0644 -1 name\n")); }
  SECTION("a size beyond 64 bits") { CHECK_FALSE(talk.rep("C0644 99999999999999999999 name\n")); }
  SECTION("a mode that is none") { CHECK_FALSE(talk.rep("C0999 1 name\n")); }
  SECTION("a zero byte in a name") { CHECK_FALSE(talk.rep(std::string_view{"C0644 1 na\0me\n", 14})); }
  SECTION("a record that the target would cut in two") {
    CHECK_FALSE(talk.rep("C0644 1 " + std::string(2100, 'x')));
  }
  SECTION("data behind a file's end") {
    REQUIRE(talk.rep("C0644 1 name\n"));
    REQUIRE(talk.target(kZero));
    CHECK_FALSE(talk.rep("xy"));
  }
  SECTION("an answer to nothing") { CHECK_FALSE(talk.target(kZero)); }
  SECTION("folders without an end") {
    bool good = true;
    for (int i = 0; i < 1000 && good; ++i) good = talk.rep("D0755 0 d\n") && talk.target(kZero);
    CHECK_FALSE(good);
  }
  SECTION("a flood of records nobody answers") {
    bool good = true;
    for (int i = 0; i < 1000 && good; ++i) good = talk.rep("T0 0 0 0\n");
    CHECK_FALSE(good);
  }
}
