// What is said of a destination, and when it is late. Runs in: tests.
#include "gateway/console/sending.h"

#include "gateway/console/doctor.h"
#include "tests/catch.h"
#include "tests/unit/gateway/console/fake_gate.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const auto kNow = from_rfc3339("2026-03-01T10:30:00.000000Z").value();

Sending one(std::uint64_t waiting, std::chrono::minutes age, std::string problem = "") {
  Sending sending;
  sending.destination.name = "siem";
  sending.destination.to = "tcp:192.0.2.9:601";
  sending.delivery = {Position{7, std::string(64, 'a')}, std::move(problem), ""};
  sending.head = 7 + waiting;
  sending.waiting = waiting;
  if (waiting > 0) sending.oldest = kNow - age;
  return sending;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("one sentence says how far it is, what waits and why") {
  CHECK(sentence(one(0, 0min), kNow) == "record 7 is there");
  CHECK(sentence(one(1, 2min), kNow) == "record 7 is there, 1 waits, the oldest for 2m");
  CHECK(sentence(one(3, 2min, "connecting: Connection refused"), kNow) ==
        "record 7 is there, 3 wait, the oldest for 2m: connecting: Connection refused");
  CHECK(sentence(Sending{}, kNow) == "nothing is there yet");
  CHECK(sentence(one(1, -5min), kNow) == "record 7 is there, 1 waits, the oldest for 0s");
}

TEST_CASE(
    "what waits is told by the journal's head alone, also of a position that the journal does not have") {
  const auto waiting = [](std::uint64_t head, char hash) {
    auto sending = one(0, 0min);  // its position: record 7, whose hash is of letters a
    hold_against(sending, {head, std::string(64, hash)});
    return sending.waiting;
  };
  CHECK(waiting(7, 'a') == 0);
  CHECK(waiting(9, 'b') == 2);
  CHECK(waiting(7, 'b') == 7);
  CHECK(waiting(5, 'b') == 5);
}

TEST_CASE("without the journal it is told since when there is a problem, and not whether that is late") {
  auto sending = one(0, 0min, "refused (fix: start it)");
  sending.delivery.since = "2026-03-01T10:00:00.000000Z";
  hold_against(sending, {8, std::string(64, 'b')});
  CHECK(sentence(sending, kNow) ==
        "record 7 is there, 1 waits: refused, since 2026-03-01 10:00:00 UTC (30m ago)");
  const auto told = to_json(sending, kNow);
  CHECK(told == nlohmann::json{{"name", "siem"},
                               {"to", "tcp:192.0.2.9:601"},
                               {"seq", 7},
                               {"head", 8},
                               {"waiting", 1},
                               {"problem", "refused"},
                               {"since", "2026-03-01T10:00:00.000000Z"},
                               {"fix", "start it"}});
  CHECK(to_json(one(1, 2min), kNow)["late"] == false);
  CHECK(to_json(one(0, 0min), kNow)["late"] == false);
}

TEST_CASE("what to do that a problem brings along is told in place of what is said of any other") {
  const auto told = judge_sending({one(1, 2min, "it ended TCP (fix: set receipt)")}, kNow);
  CHECK(told.text == "siem: record 7 is there, 1 waits, the oldest for 2m: it ended TCP");
  CHECK(told.fix == "set receipt");
  CHECK(contains(judge_sending({one(1, 2min, "refused")}, kNow).fix, "tcp:192.0.2.9:601 takes"));
}

TEST_CASE("doctor tells the worst: late is a failure, a problem a warning") {
  CHECK(judge_sending({one(0, 0min), one(0, 0min)}, kNow).verdict == Verdict::ok);
  CHECK(judge_sending({one(1, 2min), one(1, 2min, "refused")}, kNow).verdict == Verdict::warn);
  const auto late = judge_sending({one(1, 2min, "refused"), one(5, 16min)}, kNow);
  CHECK(late.verdict == Verdict::fail);
  CHECK(contains(late.text, "5 wait"));
  CHECK(contains(late.fix, "systemctl status sallyport-send"));
}

TEST_CASE("status says how far each place is that the journal is sent on to") {
  const ConfigFolder config;
  const auto status = [&](const std::string& tables, const std::string& note, bool as_json) {
    config.put("sallyport.toml", "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\"]\n" + tables);
    std::filesystem::create_directory(config.path() / "state-send");
    config.put("state-send/siem.json", note);
    FakeGate gate{{R"({"ok":true,"result":{"gate":"g","journal":{"seq":9,"hash":"x","writable":"yes"}}})"}};
    std::vector<std::string> words{
        "status", "--socket", gate.path(), "--config", config.path(), "--state", config.path() / "state"};
    if (as_json) words.emplace_back("--json");
    const auto done = run(words);
    CHECK(done.exit_code == 0);
    return done.out;
  };
  const std::string table = "[[send]]\nname = \"siem\"\nto = \"tcp:192.0.2.9:601\"\n";
  const auto note = R"({"seq":7,"hash":")" + std::string(64, 'a') + "\"}";
  SECTION("a line each") {
    CHECK(contains(status(table, note, false),
                   "writable: yes\n  sending      siem: record 7 is there, 2 wait\n"));
    CHECK(parse_json(status(table, note, true))["sending"][0]["waiting"] == 2);
  }
  SECTION("none where it is sent nowhere") {
    CHECK_FALSE(contains(status("", note, false), "sending"));
    CHECK(parse_json(status("", note, true))["sending"] == nlohmann::json::array());
  }
  SECTION("where it cannot be told, the rest is") {
    const auto said = status("[[send]]\nname = \"siem\"\nto = \"x\"\n", note, false);
    CHECK(contains(said, "record 9, writable: yes\n  sending      not known: "));
    CHECK(contains(said, "sallyport.toml:6: "));
    CHECK(contains(parse_json(status(table, "{", true))["sending_problem"].get<std::string>(), "siem.json"));
  }
}
