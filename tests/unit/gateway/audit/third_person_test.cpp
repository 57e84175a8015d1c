// docs/JOURNAL.md keeps its word: its two scripts, as they stand there, check a journal. Runs in: tests.
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "gateway/audit/proof.h"
#include "tests/catch.h"
#include "tests/unit/gateway/audit/journal_fixture.h"

using namespace sallyport;

namespace {

const std::filesystem::path kDocument = std::filesystem::path{SALLYPORT_SOURCE_DIR} / "docs/JOURNAL.md";

// A fenced block of `kind` in the document: the first, or one behind it.
std::string block(const std::string& kind, int number = 1) {
  const auto text = contents_of(kDocument);
  auto from = text.find("```" + kind + "\n");
  while (--number > 0 && from != text.npos) from = text.find("```" + kind + "\n", from + 1);
  if (from == text.npos) return {};
  const auto start = text.find('\n', from) + 1;
  return text.substr(start, text.find("```", start) - start);
}

struct Output {
  int status;
  std::string text;
};

Output run(const std::string& command) {
  Output out{-1, {}};
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> piece{};
  while (const auto got = std::fread(piece.data(), 1, piece.size(), pipe)) out.text.append(piece.data(), got);
  out.status = WEXITSTATUS(::pclose(pipe));
  return out;
}

bool is_installed(const std::string& tool) { return run("command -v " + tool).status == 0; }

struct Script {
  std::string kind, interpreter, needs;
};
const Script kScripts[] = {{"sh", "sh", "jq"}, {"python", "python3", "python3"}};

void write_every_byte(JournalFixture& f) {
  auto journal = f.open().value();
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string wide;
  for (const char* text : {"\xc2\x80", "\xc2\x85", "\xc3\xa9", "\xe2\x80\xa8", "\xe2\x80\xae", "\xef\xbb\xbf",
                           "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf0\x9f\x9a\xaa", "\xf4\x8f\xbf\xbf"})
    wide += text;
  REQUIRE(journal->append({"grant.enabled", {{"reason", all}, {"ticket", wide}}}, Weight::opening));
  REQUIRE(journal->append({"x",
                           {{"least", -9007199254740991},
                            {"most", 9007199254740991},
                            {"none", nullptr},
                            {"yes", true},
                            {"list", {1, "a", nlohmann::json::object(), nlohmann::json::array()}},
                            {"half", 0.5},
                            {"\x7f\"\\ key", 0},
                            {"Z", 1},
                            {"a", 2},
                            {"\xc3\xa9", 3},
                            {"\xf0\x9f\x9a\xaa", 4},
                            {"\xef\xbf\xbd", 5}}},
                          Weight::closing));
  for (int c = 0; c < 0x20; ++c)
    REQUIRE(journal->append({"y", {{"reason", std::string(2, static_cast<char>(c))}}}, Weight::closing));
}

}  // namespace

TEST_CASE(
    "the scripts of docs/JOURNAL.md accept what the journal writes, whatever it holds, and nothing else") {
  JournalFixture f;
  write_every_byte(f);
  const auto whole = contents_of(f.file());
  for (const auto& script : kScripts) {
    if (!is_installed(script.needs)) continue;
    const auto program = f.folder.path() / "check";
    put_contents(program, block(script.kind));
    const auto check = script.interpreter + " " + program.string() + " " + f.file().string();

    put_contents(f.file(), whole);
    const auto verdict = verify_journal(f.file()).value();
    const auto good = run(check);
    INFO(script.kind << ": " << good.text);
    CHECK(good.status == 0);
    CHECK(good.text == fmt::format("{} records, head {}\n", verdict.records, verdict.head.hash));

    auto changed = whole;
    changed.replace(changed.find("\"half\":\"0.5\""), 12, "\"half\":\"0.6\"");
    put_contents(f.file(), changed);
    const auto bad = run(check);
    CHECK(bad.status == 1);
    CHECK(bad.text.find("record 2: broken") != std::string::npos);

    put_contents(f.file(), whole.substr(0, 1) + " " + whole.substr(1));
    CHECK(run(check).text.find("record 1: not as a journal writes it") != std::string::npos);
  }
}

TEST_CASE("the scripts of docs/JOURNAL.md follow the chain through segments, and check heads and proofs") {
  if (!is_installed("python3") || !is_installed("openssl") || !is_installed("jq")) return;
  JournalFixture f;
  SystemRandom random;
  const auto key = HeadKey::make("gate/journal", random);
  std::string heads;
  TreeHead last;
  {
    FileJournalOptions options;
    options.segment_records = 8;
    auto journal = f.open(options).value();
    for (int i = 0; i < 30; ++i) {
      REQUIRE(journal->append({"session.file", {{"session", "s-1"}, {"n", i}}}, Weight::closing));
      if (journal->snapshot_due()) REQUIRE(journal->append_snapshot({}));
      last = {journal->head().seq, journal->tree().root()};
      if (i % 6 == 5) heads += key.sign(last) + "\n";
    }
  }
  const auto put = [&](const char* name, const std::string& text) {
    put_contents(f.folder.path() / name, text);
    return (f.folder.path() / name).string() + " ";
  };
  const auto files = f.place().string() + "/journal-*.jsonl";
  const auto head = verify_journal(f.place())->head;
  const auto expected = fmt::format("{} records, head {}\n", head.seq, head.hash);
  CHECK(run("sh " + put("check.sh", block("sh")) + files).text == expected);
  CHECK(run("python3 " + put("check.py", block("python")) + files).text == expected);

  const auto script =
      "python3 " + put("heads.py", block("python", 2)) + put("key", key.verifier().text() + "\n");
  const auto good = run(script + put("heads", heads) + files);
  CHECK(good.text == fmt::format("5 heads, {} records\n", head.seq));
  CHECK(good.status == 0);
  auto changed = heads;
  changed[heads.size() - 20] = changed[heads.size() - 20] == 'A' ? 'B' : 'A';
  CHECK(run(script + put("heads", changed) + files).status == 1);
  TreeHead beyond = last, other = last;
  beyond.size += 5;
  other.root[0] ^= 1;
  CHECK(run(script + put("heads", key.sign(beyond)) + files).text.find("shortened") == 0);
  CHECK(run(script + put("heads", key.sign(other)) + files).text.find("rewritten") == 0);

  const auto all = [](const RecordView& view) { return view.event == "session.file"; };
  const auto proofs = make_proofs(journal_files(f.place()).value(), all, last, key.sign(last)).value();
  CHECK(run(script + put("proofs", proofs)).text == "30 records proved\n");
  changed = proofs;
  const auto at = changed.find("\"n\\\":7");
  REQUIRE(at != changed.npos);
  changed.replace(at + 5, 1, "8");
  CHECK(run(script + put("proofs", changed)).status == 1);
}

TEST_CASE("the script for jq is at most 15 lines") {
  const auto script = block("sh");
  CHECK(std::count(script.begin(), script.end(), '\n') <= 15);
}

TEST_CASE("the examples of docs/JOURNAL.md are a whole journal, of three segments") {
  TemporaryFolder folder;
  for (std::uint64_t number = 1; number <= 3; ++number)
    put_contents(folder.path() / segment_name(number), block("jsonl", static_cast<int>(number)));
  const auto verdict = verify_journal(folder.path()).value();
  CHECK_FALSE(verdict.broken);
  CHECK(verdict.records > 100);
}
