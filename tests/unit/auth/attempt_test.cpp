// Attempt: only both, good, in time, of one try, by an expected rep (I3, I11).
#include "auth/attempt.h"

#include <vector>

#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr BootTime kStart{1h};

// One complete try.
Attempt::Outcome complete_try(Attempt& attempt, Standing standing, CheckVerdict password,
                              CheckVerdict response, BootClock::duration thinking = 10s) {
  REQUIRE(attempt.password_given(standing, "K7XQM3PDR4", kStart));
  REQUIRE(attempt.response_given(kStart + thinking));
  REQUIRE(attempt.password_verdict(password, kStart + thinking));
  REQUIRE(attempt.response_verdict(response, kStart + thinking));
  return attempt.conclude().value();
}

enum class Step { none, good, bad };

// Feeds steps as a peer would send them: the first is a password, the next a response, and so on. `none` is a
// message that never came: the next one comes in its place. Whether the attempt ever let the peer in.
struct Fed {
  bool is_password;
  Step step;
};
bool ends_in_session(const std::vector<Fed>& steps, Standing standing) {
  Attempt attempt{{}};
  for (const auto& [is_password, step] : steps) {
    if (step == Step::none) continue;
    const auto verdict = step == Step::good ? CheckVerdict::good : CheckVerdict::bad;
    if (is_password) {
      if (!attempt.password_given(standing, "K7XQM3PDR4", kStart)) return false;  // an error ends the peer
      REQUIRE(attempt.password_verdict(verdict, kStart));
    } else {
      if (!attempt.response_given(kStart)) return false;
      REQUIRE(attempt.response_verdict(verdict, kStart));
      if (attempt.conclude().value() == Attempt::Outcome::admitted) return true;
    }
  }
  return false;
}

// The rule, said another way: some good response directly after its good password, with only complete tries
// before.
bool should_end_in_session(const std::vector<Fed>& steps) {
  std::vector<Fed> sent;
  for (const auto& fed : steps)
    if (fed.step != Step::none) sent.push_back(fed);
  for (std::size_t i = 0; i + 1 < sent.size(); i += 2) {
    if (!sent[i].is_password || sent[i + 1].is_password) return false;
    if (sent[i].step == Step::good && sent[i + 1].step == Step::good) return i / 2 < 3;
  }
  return false;
}

}  // namespace

TEST_CASE("I3: in every order of none, good and bad up to length 4, only both good let in") {
  const std::vector<Fed> all{{true, Step::none},  {true, Step::good},  {true, Step::bad},
                             {false, Step::none}, {false, Step::good}, {false, Step::bad}};
  int sequences = 0, sessions = 0;
  for (std::size_t length = 1, count = 6; length <= 4; ++length, count *= 6) {
    for (std::size_t number = 0; number < count; ++number) {
      std::vector<Fed> steps;
      for (std::size_t i = 0, rest = number; i < length; ++i, rest /= 6) steps.push_back(all[rest % 6]);
      const bool session = ends_in_session(steps, Standing::expected);
      if (session != should_end_in_session(steps)) FAIL("sequence " << number << " of length " << length);
      if (ends_in_session(steps, Standing::stranger)) FAIL("a stranger got in");
      ++sequences;
      sessions += session ? 1 : 0;
    }
  }
  CHECK(sequences == 6 + 36 + 216 + 1296);
  CHECK(sessions > 0);
}

TEST_CASE("every combination of what counts is refused but one") {
  for (const auto standing : {Standing::stranger, Standing::expected})
    for (const auto password : {CheckVerdict::bad, CheckVerdict::good})
      for (const auto response : {CheckVerdict::bad, CheckVerdict::good})
        for (const auto thinking : {119s, 120s}) {
          Attempt attempt{{}};
          const auto outcome = complete_try(attempt, standing, password, response, thinking);
          const bool all_good = standing == Standing::expected && password == CheckVerdict::good &&
                                response == CheckVerdict::good && thinking < 120s;
          CHECK(outcome == (all_good ? Attempt::Outcome::admitted : Attempt::Outcome::try_again));
        }
}

TEST_CASE("there are three tries and then no more") {
  Attempt attempt{{}};
  CHECK(complete_try(attempt, Standing::expected, CheckVerdict::good, CheckVerdict::bad) ==
        Attempt::Outcome::try_again);
  CHECK(complete_try(attempt, Standing::expected, CheckVerdict::bad, CheckVerdict::good) ==
        Attempt::Outcome::try_again);
  CHECK(attempt.last_try());
  SECTION("a good third one is let in") {
    CHECK(complete_try(attempt, Standing::expected, CheckVerdict::good, CheckVerdict::good) ==
          Attempt::Outcome::admitted);
    CHECK(attempt.phase() == LoginPhase::admitted);
    CHECK_FALSE(attempt.password_given(Standing::expected, "A", kStart));
  }
  SECTION("a bad third one is the last") {
    CHECK(complete_try(attempt, Standing::expected, CheckVerdict::bad, CheckVerdict::bad) ==
          Attempt::Outcome::refused);
    CHECK_FALSE(attempt.password_given(Standing::expected, "A", kStart));
    CHECK_FALSE(attempt.accepted());
  }
}

TEST_CASE("nothing is decided before both verdicts are in") {
  Attempt attempt{{}};
  CHECK_FALSE(attempt.conclude());
  REQUIRE(attempt.password_given(Standing::expected, "K7XQM3PDR4", kStart));
  CHECK(attempt.question() == "K7XQM3PDR4");
  REQUIRE(attempt.password_verdict(CheckVerdict::good, kStart));
  CHECK_FALSE(attempt.accepted());
  CHECK_FALSE(attempt.conclude());
  REQUIRE(attempt.response_given(kStart + 1s));
  CHECK_FALSE(attempt.conclude());
  REQUIRE(attempt.response_verdict(CheckVerdict::good, kStart + 1s));
  CHECK(attempt.accepted());
}

TEST_CASE("the password's verdict may come after the response's") {
  Attempt attempt{{}};
  REQUIRE(attempt.password_given(Standing::expected, "K7XQM3PDR4", kStart));
  REQUIRE(attempt.response_given(kStart + 1s));
  REQUIRE(attempt.response_verdict(CheckVerdict::good, kStart + 1s));
  CHECK_FALSE(attempt.accepted());
  REQUIRE(attempt.password_verdict(CheckVerdict::good, kStart + 4s));
  CHECK(attempt.accepted());
  CHECK(attempt.refusal_time() == kStart + 5s);
}

TEST_CASE("a verdict that nobody asked for, or a second one, changes nothing") {
  Attempt attempt{{}};
  CHECK_FALSE(attempt.password_verdict(CheckVerdict::good, kStart));
  CHECK_FALSE(attempt.response_verdict(CheckVerdict::good, kStart));
  REQUIRE(attempt.password_given(Standing::expected, "K7XQM3PDR4", kStart));
  CHECK_FALSE(attempt.response_verdict(CheckVerdict::good, kStart));
  REQUIRE(attempt.password_verdict(CheckVerdict::bad, kStart));
  CHECK_FALSE(attempt.password_verdict(CheckVerdict::good, kStart));
  REQUIRE(attempt.response_given(kStart));
  REQUIRE(attempt.response_verdict(CheckVerdict::good, kStart));
  CHECK_FALSE(attempt.response_verdict(CheckVerdict::good, kStart));
  CHECK_FALSE(attempt.accepted());
}

TEST_CASE("a question takes one answer, and the next try forgets it") {
  Attempt attempt{{}};
  REQUIRE(attempt.password_given(Standing::expected, "K7XQM3PDR4", kStart));
  CHECK_FALSE(attempt.password_given(Standing::expected, "OTHER", kStart));
  REQUIRE(attempt.response_given(kStart));
  CHECK_FALSE(attempt.response_given(kStart));
  REQUIRE(attempt.password_verdict(CheckVerdict::good, kStart));
  REQUIRE(attempt.response_verdict(CheckVerdict::bad, kStart));
  REQUIRE(attempt.conclude().value() == Attempt::Outcome::try_again);
  CHECK(attempt.question().empty());
  CHECK(attempt.try_number() == 2);
  CHECK_FALSE(attempt.response_given(kStart));
  CHECK_FALSE(attempt.password_verdict(CheckVerdict::good, kStart));
}

TEST_CASE("I11: a refusal comes at a whole step after the response, after the verdicts") {
  CHECK(refuse_at(kStart, kStart, 2000ms) == kStart + 2s);
  CHECK(refuse_at(kStart, kStart + 1ms, 2000ms) == kStart + 2s);
  CHECK(refuse_at(kStart, kStart + 1999ms, 2000ms) == kStart + 2s);
  CHECK(refuse_at(kStart, kStart + 2000ms, 2000ms) == kStart + 2s);
  CHECK(refuse_at(kStart, kStart + 2001ms, 2000ms) == kStart + 4s);
  CHECK(refuse_at(kStart, kStart + 29s, 2000ms) == kStart + 30s);
  CHECK(refuse_at(kStart, kStart - 5s, 2000ms) ==
        kStart + 2s);  // the password was checked while the rep thought
}
