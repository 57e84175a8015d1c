// One direction of a channel, as far as no leg is needed. Runs in: unit tests.
#include "gateway/ssh/flow.h"

#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("a flow takes what it has room for, and its witness sees just that") {
  Flow flow{Stream::data};
  std::size_t seen = 0;
  const auto witness = [&](std::string_view bytes) { seen += bytes.size(); };
  const std::string much(300 * 1024, 'x');
  const auto taken = flow.arrive(much, witness);
  CHECK(taken == 256 * 1024);
  CHECK(seen == taken);
  CHECK_FALSE(flow.drained());
}

TEST_CASE("a discarded flow swallows what still comes, unseen, and is finished") {
  Flow flow{Stream::data};
  flow.arrive("waiting", {});
  flow.discard();
  bool seen = false;
  CHECK(flow.arrive("late", [&](std::string_view) { seen = true; }) == 4);
  CHECK_FALSE(seen);
  CHECK_FALSE(flow.finished());
  flow.end();
  CHECK(flow.finished());
  CHECK(flow.passed() == 0);
}

TEST_CASE("a source that ignores its window is noticed") {
  Flow flow{Stream::data};
  flow.arrive(std::string(2 * 1024 * 1024, 'x'), {});
  CHECK_FALSE(flow.overrun());
  flow.arrive(std::string(9 * 1024 * 1024, 'x'), {});
  CHECK(flow.overrun());
}
