// asciicast v2 as the worker writes it. Runs in: unit tests.
#include "gateway/worker/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/catch.h"

using namespace sallyport;

namespace {

class TurnedClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime{std::chrono::seconds{1700000000}}; }
  BootTime boot() const override { return BootTime{now}; }
  std::chrono::microseconds now{1000000};
};

struct Recording {
  Recording() {
    int ends[2];
    REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  std::string text() const {
    std::string all(1 << 16, '\0');
    const auto got = read(read_end.get(), all.data(), all.size());
    all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return all;
  }
  UniqueFd read_end, write_end;
  TurnedClock clock;
};

Recorder start(Recording& recording, const RecordingRules& rules = {.limit = 1 << 16}) {
  auto recorder =
      Recorder::start(std::move(recording.write_end), {"xterm\"\x1b", 80, 24}, rules, recording.clock);
  REQUIRE(recorder);
  return *std::move(recorder);
}

}  // namespace

TEST_CASE("a recording begins with the header of asciicast version 2") {
  Recording recording;
  const auto recorder = start(recording);
  CHECK(recording.text() ==
        "{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1700000000, \"env\": {\"TERM\": "
        "\"xterm\\\"\\u001b\"}}\n");
}

TEST_CASE("output, resizes and markers become events with their time") {
  Recording recording;
  auto recorder = start(recording);
  recording.text();
  recording.clock.now += std::chrono::milliseconds{1500};
  recorder.output("a\r\n\"\\");
  recorder.resize(100, 40);
  recorder.marker("the end");
  CHECK(recording.text().empty());
  REQUIRE(recorder.flush());
  CHECK(recording.text() ==
        "[1.500000, \"o\", \"a\\r\\n\\\"\\\\\"]\n[1.500000, \"r\", \"100x40\"]\n[1.500000, \"m\", "
        "\"the end\"]\n");
}

TEST_CASE("a character that never ends is shown as replaced at the end") {
  Recording recording;
  auto recorder = start(recording);
  recording.text();
  recorder.output("\xE2\x82");
  REQUIRE(recorder.flush());
  CHECK(recording.text().empty());
  REQUIRE(recorder.finish());
  CHECK(recording.text() == "[0.000000, \"o\", \"\xEF\xBF\xBD\"]\n");
}

TEST_CASE("input is recorded only as far as the terminal echoes it") {
  Recording recording;
  auto recorder = start(recording, {.limit = 1 << 16, .input = RecordInput::when_echoed});
  recording.text();
  SECTION("echoed") {
    recorder.input("ls");
    recorder.output("ls");
    REQUIRE(recorder.flush());
    CHECK(recording.text() == "[0.000000, \"i\", \"ls\"]\n[0.000000, \"o\", \"ls\"]\n");
  }
  SECTION("a password is not") {
    recorder.input("secret\r");
    recorder.output("\r\nwelcome");
    REQUIRE(recorder.finish());
    CHECK(recording.text() == "[0.000000, \"o\", \"\\r\\nwelcome\"]\n");
  }
  SECTION("a password is forgotten once something else was shown") {
    recorder.input("secret");
    recorder.output("\r\n");
    recorder.output("secret");
    REQUIRE(recorder.finish());
    CHECK(recording.text().find("\"i\"") == std::string::npos);
  }
}

TEST_CASE("I9: without leave no input is recorded, echoed or not") {
  Recording recording;
  auto recorder = start(recording);
  recorder.input("ls");
  recorder.output("ls");
  REQUIRE(recorder.finish());
  CHECK(recording.text().find("\"i\"") == std::string::npos);
}

TEST_CASE("I6: reaching the limit is an error, and nothing beyond it is written") {
  Recording recording;
  auto recorder = start(recording, {.limit = 150});
  recorder.output(std::string(200, 'x'));
  CHECK_FALSE(recorder.flush());
  CHECK(
      recording.text().find('x') ==
      std::string(
          "{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1700000000, \"env\": {\"TERM\": \"")
          .size());
}

TEST_CASE("I6: a failing write is an error") {
  TurnedClock clock;
  CHECK_FALSE(
      Recorder::start(UniqueFd{open("/dev/full", O_WRONLY)}, {"xterm", 80, 24}, {.limit = 1000}, clock));
}

TEST_CASE("I9: what a rule hides is neither in the output nor in the input, and the recording says so") {
  Recording recording;
  auto recorder =
      start(recording, {.limit = 1 << 16, .input = RecordInput::when_echoed, .masked_after = {"Password:"}});
  recording.text();
  recorder.output("Password: ");
  for (const char c : std::string_view{"CANARY"}) {
    recorder.input({&c, 1});
    recorder.output({&c, 1});
  }
  recorder.input("\r");
  recorder.output("\r\n$ ");
  recorder.input("ls");
  recorder.output("ls");
  REQUIRE(recorder.finish());
  CHECK(recording.text() ==
        "[0.000000, \"o\", \"Password: \"]\n[0.000000, \"o\", \"\u2039masked\u203a\"]\n"
        "[0.000000, \"m\", \"masked after \\\"Password:\\\"\"]\n[0.000000, \"o\", \"\\r\\n$ \"]\n"
        "[0.000000, \"i\", \"ls\"]\n[0.000000, \"o\", \"ls\"]\n");
}

TEST_CASE(
    "I6: a recording whose rules cannot be applied is not begun, nor one gone on with that hides too much") {
  Recording recording;
  SECTION("a rule that is none") {
    CHECK_FALSE(Recorder::start(std::move(recording.write_end), {"xterm", 80, 24},
                                {.limit = 1000, .masked_after = {"*"}}, recording.clock));
  }
  SECTION("a made-up prompt, and then a whole session without a line end") {
    auto recorder = start(recording, {.limit = 1 << 20, .masked_after = {"Password:"}});
    recorder.output("Password:" + std::string(OutputMask::kMostHidden, 'x'));
    CHECK(recorder.flush());
    recorder.output("x\n");
    CHECK_FALSE(recorder.flush());
  }
}
