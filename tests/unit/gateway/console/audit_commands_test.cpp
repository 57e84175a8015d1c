// audit and replay on a journal that the gate's own code wrote. Runs in: tests.
#include "gateway/console/audit_commands.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include <unistd.h>

#include "base/file.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/audit/recording_store.h"
#include "gateway/audit/verify.h"
#include "gateway/console/replay_command.h"
#include "gateway/review/selection.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"
#include "tests/unit/gateway/console/fake_gate.h"

using namespace sallyport;
using nlohmann::json;

namespace {

struct Output {
  int exit_code;
  std::string text;
};

struct Records {
  JournalFixture f;

  Records() {
    auto journal = f.open().value();
    const auto note = [&](const char* event, json fields) {
      f.clock.advance(std::chrono::minutes{1});
      our_bug(!journal->append({event, std::move(fields)}, Weight::closing), "append");
    };
    auto store = RecordingStore::open(f.folder.path()).value();
    auto recording = store.create("s-1", 1).value();
    our_bug(!write_all(recording.take_writer().get(),
                       "{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"o\",\"\\u001b[1mlshmc\\u001b]0;"
                       "x\\u0007\\r\\n\"]\n"),
            "write");
    const auto sum = recording.finish().value();
    note("grant.enabled", {{"grant", "g-1"}, {"rep", "ann"}, {"reason", "fan \x1b]0;evil\a"}});
    note("grant.enabled", {{"grant", "g-2"}, {"rep", "bob"}});
    note("grant.claimed", {{"grant", "g-1"}, {"session", "s-1"}});
    note("session.channel", {{"session", "s-1"}, {"channel", 1}});
    note(
        "recording.closed",
        {{"session", "s-1"}, {"channel", 1}, {"path", sum.path}, {"size", sum.size}, {"sha256", sum.sha256}});
    note("session.ended", {{"grant", "g-1"}, {"session", "s-1"}, {"reason", "done"}});
    note("grant.expired", {{"grant", "g-2"}});
  }

  Output run(const std::vector<std::string>& arguments, bool as_json = false,
             const std::filesystem::path& socket = "/no-gate") const {
    ConsoleContext context;
    context.json = as_json;
    context.state = f.folder.path();
    context.socket = socket;
    CommandLine line{"sallyport", ""};
    add_audit_commands(line, context);
    add_replay_command(line, context);
    std::vector<const char*> typed{"sallyport"};
    for (const auto& argument : arguments) typed.push_back(argument.c_str());
    std::ostringstream out;
    auto* before = std::cout.rdbuf(out.rdbuf());
    const bool taken = line.run(static_cast<int>(typed.size()), typed.data()).has_value();
    std::cout.rdbuf(before);
    our_bug(!taken, "arguments");
    return {context.exit_code, out.str()};
  }
};

}  // namespace

TEST_CASE("audit records shows the records asked for, escaped") {
  const Records r;
  const auto all = r.run({"audit", "records"});
  CHECK(all.exit_code == 0);
  CHECK(std::count(all.text.begin(), all.text.end(), '\n') == 7);
  CHECK(all.text.find('\x1b') == std::string::npos);
  CHECK(parse_json(r.run({"audit", "records", "--grant", "g-2"}, true).text).size() == 2);
  CHECK(parse_json(r.run({"audit", "records", "--session", "s-1"}, true).text).size() == 4);
  CHECK(parse_json(r.run({"audit", "records", "--event", "grant"}, true).text).size() == 4);
  CHECK(parse_json(r.run({"audit", "records", "--event", "grant.claimed"}, true).text).size() == 1);
  CHECK(parse_json(r.run({"audit", "records", "--limit", "2"}, true).text)[0]["event"] == "session.ended");
  CHECK(parse_json(r.run({"audit", "records", "--since", "2026-03-01T00:05:00Z"}, true).text).size() == 3);
  CHECK(parse_json(r.run({"audit", "records", "--since", "2026-03-02"}, true).text).empty());
  CHECK(parse_json(r.run({"audit", "records", "--until", "2026-03-01T00:02:30Z"}, true).text).size() == 2);
  CHECK(r.run({"audit", "records", "--since", "yesterday"}, true).exit_code == 1);
}

TEST_CASE("audit list shows a row a grant, and filters") {
  const Records r;
  const auto all = r.run({"audit", "list"});
  CHECK(all.exit_code == 0);
  CHECK(std::count(all.text.begin(), all.text.end(), '\n') == 3);
  CHECK(all.text.find('\x1b') == std::string::npos);
  const auto as_json = [&](const std::vector<std::string>& words) {
    auto typed = std::vector<std::string>{"audit", "list"};
    typed.insert(typed.end(), words.begin(), words.end());
    return parse_json(r.run(typed, true).text);
  };
  CHECK(as_json({}).size() == 2);
  CHECK(as_json({"--rep", "ann"})[0]["session"] == "s-1");
  CHECK(as_json({"--sessions"}).size() == 1);
  CHECK(as_json({"--ended", "nobody came"})[0]["grant"] == "g-2");
  CHECK(as_json({"--limit", "1"})[0]["grant"] == "g-2");
  CHECK(as_json({"--alarms"}).empty());
  CHECK(as_json({"--files"}).empty());
  CHECK(as_json({"--until", "2026-02-28"}).empty());
  CHECK(as_json({"--since", "2026-03-01", "--until", "2026-03-01"}).size() == 2);
}

TEST_CASE("audit grep finds what was on a terminal, and says where and when") {
  const Records r;
  CHECK(r.run({"audit", "grep", "ls.*c$"}).text == "s-1 1  0:00:00.1  lshmc\n");
  const auto found = parse_json(r.run({"audit", "grep", "LSH", "-i"}, true).text);
  REQUIRE(found.size() == 1);
  CHECK(found[0]["line"] == "lshmc");
  CHECK(found[0]["rep"] == "ann");
  CHECK(parse_json(r.run({"audit", "grep", "nothing"}, true).text).empty());
  CHECK(parse_json(r.run({"audit", "grep", "ls", "--rep", "bob"}, true).text).empty());
  CHECK(r.run({"audit", "grep", "("}).exit_code == 1);
  std::filesystem::remove(r.f.folder.path() / "recordings/s-1/1.cast");
  CHECK(r.run({"audit", "grep", "ls", "--session", "s-1"}).exit_code ==
        0);  // no file, and no record names one
}

TEST_CASE("audit keep compresses what is over, and asks the gate to delete what is old") {
  const Records r;
  const auto plain = r.f.folder.path() / "recordings/s-1/1.cast";
  const auto days = [](int count) {
    return R"({"ok":true,"result":{"keep_days":)" + std::to_string(count) + "}}";
  };
  const auto journal = days(0);
  FakeGate gate{{days(36500), journal, days(1), R"({"ok":false,"refused":"no"})", journal, days(1), journal,
                 days(0), journal}};
  const auto keep = [&] { return r.run({"audit", "keep"}, true, gate.path()); };
  CHECK(parse_json(keep().text)["compressed"] == 1);
  CHECK_FALSE(std::filesystem::exists(plain));
  CHECK(r.run({"audit", "verify"}).exit_code == 0);
  CHECK(r.run({"audit", "grep", "lshmc"}).text.find("lshmc") != std::string::npos);
  const auto refused = keep();
  CHECK(refused.exit_code == 1);
  CHECK(parse_json(refused.text)["problems"].size() == 1);
  const auto asked = gate.asked();
  REQUIRE(asked.size() == 5);
  CHECK(asked[3]["ask"] == "recording.delete");
  CHECK(asked[3]["session"] == "s-1");
  CHECK(asked[3]["sha256"].get<std::string>().size() == 64);
  // What was altered is evidence: the gate is not even asked.
  put_contents(plain, "{}");
  CHECK(parse_json(keep().text)["problems"].size() == 1);
  CHECK(gate.asked().size() == 7);
  CHECK(parse_json(keep().text)["deleted"] == 0);
}

TEST_CASE("audit report tells a month as text, JSON and HTML, with the state of the records") {
  const Records r;
  const auto text = r.run({"audit", "report", "--month", "2026-03"});
  CHECK(text.exit_code == 0);
  CHECK(text.text.find("whole: 7 records, 1 recordings") != std::string::npos);
  CHECK(text.text.find('\x1b') == std::string::npos);
  CHECK(parse_json(r.run({"audit", "report", "--month", "2026-03"}, true).text)["sessions"] == 1);
  const auto page = (r.f.folder.path() / "page.html").string();
  CHECK(r.run({"audit", "report", "--month", "2026-03", "--html", "--out", page}).exit_code == 0);
  CHECK(contents_of(page).find("<h2>Sessions by rep</h2>") != std::string::npos);
  CHECK(r.run({"audit", "report", "--month", "2026-3"}).exit_code == 1);
  put_contents(r.f.folder.path() / "recordings/s-1/1.cast", "{}");
  CHECK(r.run({"audit", "report", "--month", "2026-03"}).text.find("NOT WHOLE") != std::string::npos);
  CHECK(r.run({"audit", "report", "--month", "2026-03", "--unverified"}).text.find("not verified") !=
        std::string::npos);
}

TEST_CASE("audit show tells the story of a grant or a session, and of nothing else") {
  const Records r;
  const auto of_grant = parse_json(r.run({"audit", "show", "g-1"}, true).text);
  REQUIRE(of_grant.size() == 5);
  CHECK(of_grant[2]["event"] == "session.channel");
  CHECK(parse_json(r.run({"audit", "show", "s-1"}, true).text) == of_grant);
  CHECK(parse_json(r.run({"audit", "show", "g-2"}, true).text).size() == 2);
  CHECK(r.run({"audit", "show", "g-1"}).text.find("sallyport replay s-1 1") != std::string::npos);
  CHECK(r.run({"audit", "show", "g-9"}, true).exit_code == 1);
}

TEST_CASE("audit verify exits 0 on whole records and 1 on broken ones, naming the line or the recording") {
  const Records r;
  CHECK(r.run({"audit", "verify"}).exit_code == 0);
  CHECK(parse_json(r.run({"audit", "verify"}, true).text)["recordings"]["checked"] == 1);
  SECTION("a record") {
    auto bytes = contents_of(r.f.file());
    bytes[bytes.find("bob")] = 'r';
    put_contents(r.f.file(), bytes);
    const auto verdict = r.run({"audit", "verify"}, true);
    CHECK(verdict.exit_code == 1);
    CHECK(parse_json(verdict.text)["broken"]["line"] == 2);
    CHECK(r.run({"audit", "records"}).exit_code == 1);
  }
  SECTION("a recording") {
    put_contents(r.f.folder.path() / "recordings/s-1/1.cast", "{}");
    const auto verdict = r.run({"audit", "verify"}, true);
    CHECK(verdict.exit_code == 1);
    CHECK(parse_json(verdict.text)["recordings"]["faults"].size() == 1);
  }
  SECTION("a copy, with its recordings beside it") {
    TemporaryFolder copy;
    std::filesystem::copy(r.f.folder.path(), copy.path(), std::filesystem::copy_options::recursive);
    CHECK(r.run({"audit", "verify", "--journal", copy.path() / "journal"}).exit_code == 0);
    CHECK(r.run({"audit", "verify", "--journal", copy.path() / "journal/"}).exit_code == 0);
    std::filesystem::remove(copy.path() / "recordings/s-1/1.cast");
    CHECK(r.run({"audit", "verify", "--journal", copy.path() / "journal/journal-00000001.jsonl"}).exit_code ==
          1);
  }
}

TEST_CASE(
    "audit prove and verify-proof, verify --head: what was signed is found again, or it is said how not") {
  if (::geteuid() != 0) return;  // the key's file must be root's
  const Records r;
  const auto state = r.f.folder.path();
  CHECK(r.run({"audit", "prove", "s-1"}, true).exit_code == 1);  // nothing is signed yet
  HeadOptions options;
  options.state = state;
  options.name = "gate/journal";
  options.syslog.clear();
  SystemRandom random;
  auto keeper = HeadKeeper::open(options, random).value();
  const auto walk = verify_journal(r.f.place()).value();
  our_bug(!keeper.sign({walk.head.seq, walk.tree.root()}, {}), "sign");

  const std::string proofs = state / "proofs", key = head_verifier_file(state), kept = state / "kept";
  CHECK(r.run({"audit", "prove", "s-1", "--out", proofs}).exit_code == 0);
  const auto proven = r.run({"audit", "verify-proof", proofs, "--key", key}, true);
  CHECK(proven.exit_code == 0);
  CHECK(parse_json(proven.text)["records"].size() == 5);
  CHECK(parse_json(proven.text)["signed_by"] == "gate/journal");
  CHECK(r.run({"audit", "prove", "s-9"}, true).exit_code == 1);
  auto text = contents_of(proofs);
  text[30] ^= 1;
  put_contents(proofs, text);
  CHECK(r.run({"audit", "verify-proof", proofs, "--key", key}, true).exit_code == 1);

  put_contents(kept, contents_of(heads_file(state)));
  CHECK(parse_json(r.run({"audit", "verify"}, true).text)["heads"]["good_until"] == 7);
  CHECK(r.run({"audit", "verify", "--head", kept}).exit_code == 0);
  CHECK(r.run({"audit", "verify", "--head", proofs}, true).exit_code == 1);
  auto journal = contents_of(r.f.file());
  put_contents(r.f.file(), journal.substr(0, journal.rfind('\n', journal.size() - 2) + 1));
  const auto shortened = r.run({"audit", "verify", "--head", kept}, true);
  CHECK(shortened.exit_code == 1);
  CHECK(parse_json(shortened.text)["heads"]["problem"].get<std::string>().find("shortened") == 0);
  CHECK(parse_json(shortened.text)["whole"] == false);
  CHECK(r.run({"audit", "verify", "--head", kept}).text.find("BROKEN  the journal was shortened") !=
        std::string::npos);

  CHECK(r.run({"audit", "acknowledge", "--reason", "a test"}).exit_code == 0);
  CHECK(r.run({"audit", "acknowledge"}, true).exit_code == 1);
  CHECK(r.run({"audit", "verify", "--head", kept}, true).exit_code == 1);  // for ever
}

TEST_CASE("replay prints a recording as text or as one document, and refuses what is none") {
  const Records r;
  CHECK(r.run({"replay", "s-1", "--text"}).text == "lshmc\n\n");
  const auto document = parse_json(r.run({"replay", "s-1", "1"}, true).text);
  CHECK(document["events"][0][2] == "\x1b[1mlshmc\x1b]0;x\a\r\n");
  CHECK(r.run({"replay", "s-1", "2"}, true).exit_code == 1);
  CHECK(r.run({"replay", "s-2"}, true).exit_code == 1);
  CHECK(r.run({"replay", "../s-1"}, true).exit_code == 1);
  CHECK(r.run({"replay", "s-1", "--text", "--max-idle", "x"}, true).exit_code == 1);
}
