// Places at the door and penalties.
#include "auth/throttle.h"

#include <optional>
#include <vector>

#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

class HandClock final : public Clock {
 public:
  WallTime wall() const override { return {}; }
  BootTime boot() const override { return now_; }
  void advance(BootClock::duration by) { now_ += by; }

 private:
  BootTime now_{1h};
};

Address at(std::string_view text) { return Address::parse(text).value(); }

}  // namespace

TEST_CASE("a source has four places and gets them back") {
  HandClock clock;
  Throttle throttle{clock, {}};
  std::vector<Throttle::Ticket> tickets;
  for (int i = 0; i < 4; ++i) tickets.push_back(throttle.admit(at("192.0.2.7")).value());
  CHECK_FALSE(throttle.admit(at("192.0.2.7")));
  CHECK(throttle.admit(at("192.0.2.8")));
  tickets.pop_back();
  CHECK(throttle.admit(at("192.0.2.7")));
}

TEST_CASE("there are sixteen places in all") {
  HandClock clock;
  Throttle throttle{clock, {}};
  std::vector<Throttle::Ticket> tickets;
  for (int i = 0; i < 16; ++i)
    tickets.push_back(throttle.admit(at(fmt::format("192.0.2.{}", i + 1))).value());
  CHECK_FALSE(throttle.admit(at("192.0.2.100")));
  tickets.clear();
  CHECK(throttle.connections() == 0);
  CHECK(throttle.admit(at("192.0.2.100")));
}

TEST_CASE("further connections of a source take no place, and count as often as they come") {
  HandClock clock;
  Throttle throttle{clock, {}};
  const auto place = throttle.admit(at("192.0.2.7"));
  for (int i = 0; i < 19; ++i) CHECK(throttle.admit_another(at("192.0.2.7")));
  CHECK(throttle.connections() == 1);
  CHECK_FALSE(throttle.admit_another(at("192.0.2.7")));
  CHECK_FALSE(throttle.admit(at("192.0.2.7")));
  CHECK(throttle.admit_another(at("192.0.2.8")));
}

TEST_CASE("a moved ticket is one place") {
  HandClock clock;
  Throttle throttle{clock, {}};
  auto first = throttle.admit(at("192.0.2.7")).value();
  {
    const auto second = std::move(first);
    CHECK(throttle.connections() == 1);
  }
  CHECK(throttle.connections() == 0);
  first = throttle.admit(at("192.0.2.7")).value();
  CHECK(throttle.connections() == 1);
  first = throttle.admit(at("192.0.2.8")).value();
  CHECK(throttle.connections() == 1);
}

TEST_CASE("an IPv6 /64 is one source, its neighbour another") {
  HandClock clock;
  Throttle throttle{clock, {}};
  std::vector<Throttle::Ticket> tickets;
  for (int i = 0; i < 4; ++i)
    tickets.push_back(throttle.admit(at(fmt::format("2001:db8::{}", i + 1))).value());
  CHECK_FALSE(throttle.admit(at("2001:db8::ffff:1:2:3")));
  CHECK(throttle.admit(at("2001:db8:0:1::1")));
}

TEST_CASE("an IPv4 address and the IPv6 address with the same bytes are two sources") {
  CHECK(Source{at("32.1.13.184")} != Source{at("2001:db8::1")});
  CHECK(Source{at("::ffff:192.0.2.7")} == Source{at("192.0.2.7")});
}

TEST_CASE("the penalty grows with failures, is bounded, and fades") {
  HandClock clock;
  Throttle throttle{clock, {}};
  const auto source = at("192.0.2.7");
  CHECK(throttle.penalty(source) == 0ms);
  throttle.failed(source);
  throttle.failed(source);
  CHECK(throttle.penalty(source) == 0ms);
  throttle.failed(source);
  CHECK(throttle.penalty(source) == 1s);
  throttle.failed(source);
  CHECK(throttle.penalty(source) == 2s);
  throttle.failed(source);
  CHECK(throttle.penalty(source) == 4s);
  CHECK(throttle.penalty(at("192.0.2.8")) == 0ms);
  for (int i = 0; i < 1000; ++i) throttle.failed(source);
  CHECK(throttle.penalty(source) == 30s);
  clock.advance(20min);
  CHECK(throttle.penalty(source) == 0ms);
}

TEST_CASE("half an hour of one failure a minute stays almost free, a failure every two seconds does not") {
  HandClock clock;
  Throttle throttle{clock, {}};
  for (int i = 0; i < 30; ++i, clock.advance(60s)) throttle.failed(at("192.0.2.7"));
  CHECK(throttle.penalty(at("192.0.2.7")) == 0ms);
  for (int i = 0; i < 30; ++i, clock.advance(2s)) throttle.failed(at("192.0.2.8"));
  CHECK(throttle.penalty(at("192.0.2.8")) == 30s);
}

TEST_CASE("the memory of sources is bounded and forgets the oldest") {
  HandClock clock;
  ThrottleLimits limits;
  limits.sources = 3;
  limits.free_failures = 0;
  Throttle throttle{clock, limits};
  for (int i = 1; i <= 4; ++i, clock.advance(1ms)) throttle.failed(at(fmt::format("192.0.2.{}", i)));
  CHECK(throttle.remembered() == 3);
  CHECK(throttle.penalty(at("192.0.2.1")) == 0ms);
  CHECK(throttle.penalty(at("192.0.2.2")) == 1s);
  throttle.failed(at("192.0.2.2"));  // no longer the oldest
  clock.advance(1ms);
  throttle.failed(at("192.0.2.5"));
  CHECK(throttle.penalty(at("192.0.2.3")) == 0ms);
  CHECK(throttle.penalty(at("192.0.2.2")) > 0ms);
}

TEST_CASE("a source connects twenty times a second, then one more each twentieth") {
  HandClock clock;
  Throttle throttle{clock, {}};
  for (int i = 0; i < 20; ++i) CHECK(throttle.admit(at("2001:db8::1")));  // each gone at once
  CHECK_FALSE(throttle.admit(at("2001:db8::2")));                         // of the same /64
  CHECK(throttle.admit(at("2001:db8:0:1::1")));
  clock.advance(60ms);
  CHECK(throttle.admit(at("2001:db8::3")));
  CHECK_FALSE(throttle.admit(at("2001:db8::4")));
  clock.advance(1h);
  for (int i = 0; i < 20; ++i) CHECK(throttle.admit(at("2001:db8::1")));
  CHECK_FALSE(throttle.admit(at("2001:db8::1")));
}

TEST_CASE("more sources than are remembered cost no memory") {
  HandClock clock;
  ThrottleLimits limits;
  limits.sources = 8;
  limits.connections_a_second = 1;
  Throttle throttle{clock, limits};
  for (int i = 0; i < 100; ++i) {
    clock.advance(1ms);
    CHECK(throttle.admit(at(fmt::format("192.0.2.{}", i))));
  }
  CHECK_FALSE(throttle.admit(at("192.0.2.99")));  // the last ones are remembered
  CHECK(throttle.admit(at("192.0.2.1")));
}
