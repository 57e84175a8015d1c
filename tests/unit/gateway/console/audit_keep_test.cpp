// audit keep on real files: killed anywhere it leaves each recording whole, and it touches nothing that the
// journal does not say is old. Runs in: tests.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "gateway/review/recording_bytes.h"
#include "tests/catch.h"
#include "tests/unit/gateway/console/fake_gate.h"
#include "tests/unit/gateway/review/review_fixture.h"

using namespace sallyport;

namespace {

namespace fs = std::filesystem;

std::string rule(int days) { return R"({"ok":true,"result":{"keep_days":)" + std::to_string(days) + "}}"; }

// Two sessions with recordings that were closed long ago, and what others have put beside them.
struct Site {
  ReviewFixture f;
  fs::path recordings = f.folder.path() / "recordings", outside = f.folder.path() / "outside";
  std::map<std::string, std::string> texts;

  Site() {
    for (const char* number : {"1", "2"}) {
      const auto grant = std::string{"g-"} + number, session = std::string{"s-"} + number;
      f.enable(grant.c_str());
      f.play(grant.c_str(), session.c_str(), std::string(5000, 'x') + number);
      texts[session] = contents_of(plain(session));
    }
    put_contents(outside, "somebody else's");
    put_contents(recordings / "notes.txt", "an auditor's");
    put_contents(recordings / "s-1/2.cast", "not in the journal");
    fs::create_directory(recordings / "s-9");
    fs::create_symlink(outside, recordings / "s-9/1.cast");
    f.note("recording.closed", {{"session", "s-9"},
                                {"channel", 1},
                                {"path", "recordings/s-9/1.cast"},
                                {"size", 15},
                                {"sha256", Sha256::hex_of("somebody else's")}});
    f.note("recording.closed", {{"session", "s-8"},
                                {"channel", 1},
                                {"path", "recordings/../outside"},
                                {"size", 15},
                                {"sha256", Sha256::hex_of("somebody else's")}});
  }

  fs::path plain(const std::string& session) const { return recordings / session / "1.cast"; }
  Outcome keep(const FakeGate& gate) const {
    return run({"--state", f.folder.path(), "--socket", gate.path(), "--json", "audit", "keep"});
  }
  void require_others_untouched() const {
    REQUIRE(contents_of(outside) == "somebody else's");
    REQUIRE(contents_of(recordings / "notes.txt") == "an auditor's");
    REQUIRE(contents_of(recordings / "s-1/2.cast") == "not in the journal");
    REQUIRE(fs::is_symlink(recordings / "s-9/1.cast"));
  }
  void require_recordings_whole() const {
    for (const auto& [session, text] : texts) {
      const auto found = hash_contents(open_recording(plain(session).string()).value(), text.size());
      REQUIRE(found);
      REQUIRE(found->sha256 == Sha256::hex_of(text));
    }
  }
};

// Whether `work`, in a child, made so many system calls; it is killed as it enters the last of them.
template <class Work>
bool killed_at(int call, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  for (int stops = 0; stops < 2 * call - 1; ++stops) {  // each call stops as it is entered and as it is left
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return false;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return true;
}

}  // namespace

TEST_CASE("killed at any system call, keep leaves each recording whole, and the next run finishes") {
  const FakeGate gate{std::vector<std::string>(4000, rule(0))};
  int call = 1;
  for (bool killed = true; killed; call += 3) {
    const Site site;
    killed = killed_at(call, [&] { site.keep(gate); });
    INFO("call " << call);
    site.require_recordings_whole();
    if (call % 4 != 1) continue;
    const auto again = parse_json(site.keep(gate).out);
    REQUIRE(again["problems"].empty());
    site.require_recordings_whole();
    site.require_others_untouched();
    for (const auto& [session, text] : site.texts) {
      REQUIRE_FALSE(fs::exists(site.plain(session)));
      REQUIRE(fs::exists(site.plain(session).string() + ".zst"));
      REQUIRE_FALSE(fs::exists(site.plain(session).string() + ".new"));
    }
  }
  CHECK(call > 100);
}

TEST_CASE("what is not the journal's is neither compressed nor asked to be deleted") {
  const Site site;
  FakeGate gate{{rule(1), R"({"ok":true,"result":{}})", R"({"ok":true,"result":{}})", rule(0)}};
  const auto done = site.keep(gate);
  INFO(done.out << done.err);
  CHECK(parse_json(done.out)["deleted"] == 2);
  const auto asked = gate.asked();
  REQUIRE(asked.size() == 4);
  CHECK(asked[1]["session"] == "s-1");
  CHECK(asked[2]["session"] == "s-2");
  site.require_others_untouched();
}

TEST_CASE("by a journal that somebody has edited nothing is deleted or changed") {
  const Site site;
  auto text = contents_of(site.f.file());
  const auto at = text.find("recordings/s-2/1.cast\",\"prev\"");
  REQUIRE(at != text.npos);
  text.replace(at, 14, "recordings/s-9");
  put_contents(site.f.file(), text);
  FakeGate gate{{rule(1)}};
  const auto done = site.keep(gate);
  CHECK(done.exit_code == 1);
  CHECK(gate.asked().size() == 1);
  CHECK(fs::exists(site.plain("s-1")));
  site.require_recordings_whole();
  site.require_others_untouched();
}

TEST_CASE(
    "a recording whose deletion is on record and that is still there, because the gate died then, goes next "
    "time") {
  Site site;
  site.f.note("recording.deleted", {{"session", "s-1"},
                                    {"channel", 1},
                                    {"path", "recordings/s-1/1.cast"},
                                    {"sha256", Sha256::hex_of(site.texts["s-1"])}});
  fs::remove(site.plain("s-2"));
  site.f.note("recording.deleted", {{"session", "s-2"},
                                    {"channel", 1},
                                    {"path", "recordings/s-2/1.cast"},
                                    {"sha256", Sha256::hex_of(site.texts["s-2"])}});
  FakeGate gate{{rule(1), R"({"ok":true,"result":{}})", rule(0)}};
  CHECK(parse_json(site.keep(gate).out)["deleted"] == 1);
  const auto asked = gate.asked();
  REQUIRE(asked.size() == 3);
  CHECK(asked[1]["session"] == "s-1");
}
