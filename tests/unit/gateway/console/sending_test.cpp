// What is said of a destination, and when it is late. Runs in: tests.
#include "gateway/console/sending.h"

#include "gateway/console/doctor.h"
#include "tests/catch.h"

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

}  // namespace

TEST_CASE("one sentence says how far it is, what waits and why") {
  CHECK(sentence(one(0, 0min), kNow) == "record 7 is there");
  CHECK(sentence(one(1, 2min), kNow) == "record 7 is there, 1 waits, the oldest for 2m");
  CHECK(sentence(one(3, 2min, "connecting: Connection refused"), kNow) ==
        "record 7 is there, 3 wait, the oldest for 2m: connecting: Connection refused");
  CHECK(sentence(Sending{}, kNow) == "nothing is there yet");
  CHECK(sentence(one(1, -5min), kNow) == "record 7 is there, 1 waits, the oldest for 0s");
}

TEST_CASE("what to do that a problem brings along is told in place of what is said of any other") {
  const auto told = judge_sending({one(1, 2min, "it ended TCP (fix: set receipt)")}, kNow);
  CHECK(told.text == "siem: record 7 is there, 1 waits, the oldest for 2m: it ended TCP");
  CHECK(told.fix == "set receipt");
  CHECK(judge_sending({one(1, 2min, "refused")}, kNow).fix.find("tcp:192.0.2.9:601 takes") !=
        std::string::npos);
}

TEST_CASE("doctor tells the worst: late is a failure, a problem a warning") {
  CHECK(judge_sending({one(0, 0min), one(0, 0min)}, kNow).verdict == Verdict::ok);
  CHECK(judge_sending({one(1, 2min), one(1, 2min, "refused")}, kNow).verdict == Verdict::warn);
  const auto late = judge_sending({one(1, 2min, "refused"), one(5, 16min)}, kNow);
  CHECK(late.verdict == Verdict::fail);
  CHECK(late.text.find("5 wait") != std::string::npos);
  CHECK(late.fix.find("systemctl status sallyport-send") != std::string::npos);
}
