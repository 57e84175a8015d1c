// How long a peer may keep the gate waiting. Runs in: unit tests.
#include "gateway/https/pace.h"

#include "tests/catch.h"

using namespace sallyport;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

namespace {

// Seconds until it is cut, at so many bytes in each; -1: not within an hour.
int cut_after(std::uint64_t bytes_a_second, Pace pace = {}) {
  std::uint64_t moved = 1'000'000;
  for (int second = 1; second <= 3600; ++second) {
    pace.note(1s, moved += bytes_a_second);
    if (pace.is_spent()) return second;
  }
  return -1;
}

Pace rested() {
  Pace pace;
  pace.note(1s, 0);
  pace.note(0s, std::uint64_t{1} << 40U);
  return pace;
}

}  // namespace

TEST_CASE("a peer that does nothing is cut after ten seconds, and one that was quick after a minute") {
  CHECK(cut_after(0) == 10);
  CHECK(cut_after(0, rested()) == 60);
}

TEST_CASE("a byte a second keeps no connection, and five hundred do") {
  CHECK(cut_after(1) == 11);
  CHECK(cut_after(250) <= 20);
  CHECK(cut_after(450) == 91);  // nine seconds after the first look, a tenth of one lost in each
  CHECK(cut_after(Pace::kLeastRate) == -1);
}

TEST_CASE("what came before the first look buys nothing") {
  Pace pace;
  pace.note(9s, 1'000'000'000);
  CHECK_FALSE(pace.is_spent());
  pace.note(1s, 1'000'000'000);
  CHECK(pace.is_spent());
}

TEST_CASE("waiting counts, not the time between") {
  Pace pace;
  pace.note(0s, 0);
  for (int i = 0; i < 99; ++i) pace.note(100ms, 0);
  CHECK_FALSE(pace.is_spent());
  pace.note(100ms, 0);
  CHECK(pace.is_spent());
}

TEST_CASE("each message begins with ten seconds") {
  auto pace = rested();
  pace.begin();
  CHECK(cut_after(0, pace) == 10);
}
