// For how long nothing happened in a session that may be paused. Runs in: tests.
#include "gateway/core/idle_clock.h"

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"

using namespace sallyport;
using namespace std::chrono_literals;

TEST_CASE("idle time counts from the last thing that happened") {
  FakeClock clock;
  IdleClock idle{clock.boot()};
  clock.advance(7min);
  CHECK(idle.idle(clock.boot()) == 7min);
  idle.touch(clock.boot());
  CHECK(idle.idle(clock.boot()) == 0s);
}

TEST_CASE("idle time stands still during a pause and goes on where it was") {
  FakeClock clock;
  IdleClock idle{clock.boot()};
  clock.advance(7min);
  idle.stop(clock.boot());
  clock.advance(3h);
  CHECK(idle.idle(clock.boot()) == 7min);
  idle.go_on(clock.boot());
  CHECK(idle.idle(clock.boot()) == 7min);
  clock.advance(1min);
  CHECK(idle.idle(clock.boot()) == 8min);
}

TEST_CASE("what happens during a pause starts the count anew, which still stands") {
  FakeClock clock;
  IdleClock idle{clock.boot()};
  clock.advance(7min);
  idle.stop(clock.boot());
  clock.advance(1h);
  idle.touch(clock.boot());
  clock.advance(1h);
  CHECK(idle.idle(clock.boot()) == 0s);
  idle.go_on(clock.boot());
  clock.advance(2min);
  CHECK(idle.idle(clock.boot()) == 2min);
}

TEST_CASE("stopping twice, or going on without a stop, changes nothing") {
  FakeClock clock;
  IdleClock idle{clock.boot()};
  clock.advance(1min);
  idle.go_on(clock.boot());
  CHECK(idle.idle(clock.boot()) == 1min);
  idle.stop(clock.boot());
  clock.advance(1h);
  idle.stop(clock.boot());
  clock.advance(1h);
  idle.go_on(clock.boot());
  idle.go_on(clock.boot());
  CHECK(idle.idle(clock.boot()) == 1min);
}
