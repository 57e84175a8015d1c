// Which segments of the journal the console has deleted, and which it leaves. Runs in: tests.
#include "gateway/audit/delivery.h"
#include "tests/catch.h"
#include "tests/unit/gateway/console/fake_gate.h"
#include "tests/unit/gateway/review/review_fixture.h"

using namespace sallyport;

namespace {

namespace fs = std::filesystem;

std::string days(int count) { return R"({"ok":true,"result":{"keep_days":)" + std::to_string(count) + "}}"; }
const std::string kDone = R"({"ok":true,"result":{}})";
const std::string kGateTable = "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\"]\n";

// Three segments of long ago. The first holds a session, whose recording has gone as it should.
struct Site {
  ReviewFixture f;
  fs::path config = f.folder.path() / "etc", recording = f.folder.path() / "recordings/s-1/1.cast";

  Site() {
    fs::create_directory(config);
    put_contents(config / "sallyport.toml", kGateTable);
    f.enable("g-1");
    f.play("g-1", "s-1");
    end_segment();
    f.enable("g-2");
    end_segment();
    f.enable("g-3");
    fs::remove(recording);
  }
  void end_segment() { REQUIRE(f.journal->append_snapshot({})); }
  fs::path segment(std::uint64_t number) const { return f.place() / segment_name(number); }
  Outcome run_keep(const FakeGate& gate) const {
    return run(
        {"--state", f.folder.path(), "--socket", gate.path(), "--config", config, "--json", "audit", "keep"});
  }
  nlohmann::json keep(const FakeGate& gate) const { return parse_json(run_keep(gate).out); }
  // What the first segment that is old was not deleted for.
  std::string problem(int journal_days = 1) const {
    const FakeGate gate{{days(0), days(journal_days), kDone}};
    const auto kept = keep(gate);
    return kept["problems"].empty() ? std::string{} : kept["problems"].back().get<std::string>();
  }
};

}  // namespace

TEST_CASE(
    "the oldest segment is asked for with its number and hash; nothing is believed to be gone that is not") {
  const Site site;
  FakeGate gate{{days(0), days(1), kDone}};
  const auto kept = site.keep(gate);
  const auto asked = gate.asked();
  REQUIRE(asked.size() == 3);
  CHECK(asked[2]["ask"] == "journal.delete");
  CHECK(asked[2]["segment"] == 1);
  CHECK(asked[2]["sha256"] == Sha256::hex_of(contents_of(site.segment(1))));
  CHECK(kept["segments_deleted"] == 0);
  CHECK(kept["problems"][0] == "journal-00000001.jsonl is old, but stays: the gate has not deleted it");
}

TEST_CASE("a journal that is kept for ever, or is not that old, is left alone") {
  const Site site;
  for (const int limit : {0, 36500}) {
    FakeGate gate{{days(0), days(limit)}};
    CHECK(site.keep(gate)["problems"].empty());
    CHECK(gate.asked().size() == 2);
  }
}

TEST_CASE("a segment stays as long as a recording that it tells of, in either form") {
  const Site site;
  const auto* const ending = GENERATE("", ".zst");
  put_contents(site.recording.string() + ending, "what the journal does not say");
  CHECK(site.problem().find("recording recordings/s-1/1.cast is still there") != std::string::npos);
}

TEST_CASE("a segment stays until each destination has got all of it") {
  const Site site;
  put_contents(site.config / "sallyport.toml",
               kGateTable + "[[send]]\nname = \"siem\"\nto = \"tcp:192.0.2.9:601\"\n");
  const auto file = delivery_file(send_folder(site.f.folder.path()), "siem");
  fs::create_directories(file.parent_path());
  const auto edge = start_of_segment(journal_files(site.f.place()).value(), 1).value()->start.position;
  CHECK(site.problem().find("destination 'siem' has the records up to 0 only") != std::string::npos);
  REQUIRE(store_delivery(file, {Position{edge.seq - 1, edge.hash}, "", ""}));
  CHECK(site.problem().find(fmt::format("up to {} only", edge.seq - 1)) != std::string::npos);
  REQUIRE(store_delivery(file, {edge, "", ""}));
  CHECK(site.problem().find("the gate has not deleted it") != std::string::npos);
  put_contents(file, "broken");
  CHECK(site.problem().find("is old, but stays") != std::string::npos);
  fs::remove_all(file.parent_path());
}

TEST_CASE("of a journal that is broken, or with settings that cannot be read, nothing is asked for") {
  const Site site;
  SECTION("broken") {
    auto text = contents_of(site.segment(2));
    text[text.find("g-2")] = 'h';
    put_contents(site.segment(2), text);
    FakeGate gate{{days(0), days(1), kDone}};
    const auto done = site.run_keep(gate);
    CHECK(done.exit_code == 1);
    CHECK(done.out.find("the journal is broken") != std::string::npos);
    CHECK(gate.asked().size() == 1);
  }
  SECTION("settings") {
    put_contents(site.config / "sallyport.toml", "[gate]\n");
    CHECK(site.problem().find("sallyport.toml") != std::string::npos);
  }
}
