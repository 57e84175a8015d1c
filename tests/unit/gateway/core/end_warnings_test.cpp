// When a rep is warned that the session's time runs out. Runs in: tests.
#include "gateway/core/end_warnings.h"

#include <vector>

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

// What is left, in seconds, at each warning of a session that is looked after once a second to its end.
std::vector<long> warnings_of(std::chrono::seconds length) {
  FakeClock clock;
  const auto deadline = clock.boot() + length;
  EndWarnings warnings{length};
  std::vector<long> given;
  for (; clock.boot() < deadline; clock.advance(1s))
    if (warnings.due(deadline - clock.boot()))
      given.push_back(std::chrono::duration_cast<std::chrono::seconds>(deadline - clock.boot()).count());
  return given;
}

using Left = std::vector<long>;

}  // namespace

TEST_CASE("a rep is warned 15, 5 and 1 minutes before the end, once each") {
  CHECK(warnings_of(4h) == Left{900, 300, 60});
  CHECK(warnings_of(901s) == Left{900, 300, 60});
}

TEST_CASE("a session gets no warning of a moment at or before its beginning") {
  CHECK(warnings_of(15min) == Left{300, 60});
  CHECK(warnings_of(14min) == Left{300, 60});
  CHECK(warnings_of(5min) == Left{60});
  CHECK(warnings_of(61s) == Left{60});
  CHECK(warnings_of(1min) == Left{});
  CHECK(warnings_of(4s) == Left{});
}

TEST_CASE("of warnings that were missed only the last is given, late rather than never") {
  EndWarnings warnings{1h};
  CHECK_FALSE(warnings.due(16min));
  CHECK(warnings.due(4min));
  CHECK_FALSE(warnings.due(2min));
  CHECK(warnings.due(30s));
  CHECK_FALSE(warnings.due(10s));
  CHECK_FALSE(warnings.due(-1s));
}

TEST_CASE("setting the wall clock brings no warning and takes none away") {
  FakeClock clock;
  const auto deadline = clock.boot() + 1h;
  EndWarnings warnings{1h};
  clock.set_wall(clock.wall() + 50min);
  CHECK_FALSE(warnings.due(deadline - clock.boot()));
  clock.set_wall(clock.wall() - 5h);
  clock.advance(45min);
  CHECK(warnings.due(deadline - clock.boot()));
}
