// What a challenge is held against. Runs in: unit tests.
#include "auth/respond/check_challenge.h"

#include "tests/catch.h"
#include "tests/unit/auth/respond/sample_challenge.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const std::string kOther = "SHA256:" + std::string(43, 'A');

}  // namespace

TEST_CASE("a challenge is held to gate, target, grant and services, each alone") {
  const auto said = sample_challenge();
  CHECK_FALSE(check_expected({}, said));
  CHECK_FALSE(check_expected({"gate.example.com", "hmc1", "g-7k3m9q2x", {{"https", "ssh"}}}, said));
  CHECK(check_expected({"gate2.example.com", {}, {}, {}}, said));
  CHECK(check_expected({{}, "hmc2", {}, {}}, said));
  CHECK(check_expected({{}, "HMC1", {}, {}}, said));
  CHECK(check_expected({{}, {}, "g-7k3m9q2y", {}}, said));
  CHECK(check_expected({{}, {}, {}, {{"ssh"}}}, said));
  CHECK(check_expected({{}, {}, {}, {{"ssh", "https", "vnc"}}}, said));
}

TEST_CASE("a refusal names both what was expected and what came") {
  const auto refusal = check_expected({{}, "hmc2", {}, {}}, sample_challenge());
  REQUIRE(refusal);
  CHECK(refusal->why == "you expect the target 'hmc2', but this challenge is for 'hmc1'");
}

TEST_CASE("a question is held to a gate and a grant only where the response is bound to them") {
  const AskedQuestion plain{"K7XQM3PDR4"};
  const AskedQuestion placed{"K7XQM3PDR4", QuestionPlace{"g-7k3m9q2x", "gate.example.com", kSampleHostKey}};
  CHECK_FALSE(check_expected({}, plain, false));
  CHECK_FALSE(check_expected({"gate.example.com", {}, "g-7k3m9q2x", {}}, placed, true));
  CHECK(check_expected({{}, {}, "g-7k3m9q2x", {}}, plain, false));
  CHECK(check_expected({"gate.example.com", {}, {}, {}}, plain, false));
  CHECK(check_expected({{}, {}, "g-other", {}}, placed, true));
  CHECK(check_expected({"other", {}, {}, {}}, placed, true));
  CHECK(check_expected({}, placed, false));  // named, but not bound
}

TEST_CASE("a question cannot be held to a target or to services") {
  const AskedQuestion placed{"K7XQM3PDR4", QuestionPlace{"g-7k3m9q2x", "gate.example.com", kSampleHostKey}};
  CHECK(check_expected({{}, "hmc1", {}, {}}, placed, true));
  CHECK(check_expected({{}, {}, {}, {{"ssh"}}}, placed, true));
}

TEST_CASE("a challenge is answered in its time, give or take the tolerance, exact at the edges") {
  const auto said = sample_challenge();
  CHECK_FALSE(check_time(said, said.time, 0s));
  CHECK_FALSE(check_time(said, said.expires, 0s));
  CHECK(check_time(said, said.expires + 1s, 0s));
  CHECK(check_time(said, said.time - 1s, 0s));
  CHECK_FALSE(check_time(said, said.expires + 5min, 5min));
  CHECK(check_time(said, said.expires + 5min + 1s, 5min));
  CHECK_FALSE(check_time(said, said.time - 5min, 5min));
  CHECK(check_time(said, said.time - 5min - 1s, 5min));
}

TEST_CASE("a clock that is off is said") {
  const auto said = sample_challenge();
  CHECK(clock_remark(said, said.time).empty());
  CHECK(clock_remark(said, said.time - 30s).empty());
  CHECK(clock_remark(said, said.time - 31s).find("differ") != std::string::npos);
  CHECK(clock_remark(said, said.expires + 1s).find("differ") != std::string::npos);
  CHECK(check_time(said, said.expires + 1h, 5min)->why.find("set the clock right") != std::string::npos);
}

TEST_CASE("a gate is known, new or changed") {
  const auto known = *KnownGates::parse("gate.example.com " + kSampleHostKey + " 2026-03-01T00:00:00Z\n");
  CHECK(standing(known, "gate.example.com", kSampleHostKey) == Standing::known);
  CHECK(standing(known, "gate.example.com", kOther) == Standing::changed);
  CHECK(standing(known, "gate2.example.com", kSampleHostKey) == Standing::first_use);
  CHECK(changed_gate(known, "gate.example.com", kOther).why.find("--forget-gate") != std::string::npos);
}
