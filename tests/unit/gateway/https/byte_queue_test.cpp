// Bytes that wait, and where they are wiped. Runs in: unit tests.
#include "gateway/https/byte_queue.h"

#include <algorithm>
#include <string>

#include "tests/catch.h"

using namespace sallyport;

namespace {

void add(ByteQueue& queue, std::string_view text) {
  std::ranges::copy(text, queue.room(text.size()).begin());
  queue.added(text.size());
}

}  // namespace

TEST_CASE("bytes stay in order while room is made behind them") {
  ByteQueue queue;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7) + 1, static_cast<char>('a' + i % 26));
    add(queue, piece);
    expected += piece;
    if (i % 3 != 2) continue;
    queue.taken(2);
    expected.erase(0, 2);
  }
  CHECK(queue.bytes() == expected);
}

TEST_CASE("room is at least what was asked for, also when nothing waits and in a place that was used") {
  ByteQueue queue;
  CHECK(queue.room(100).size() >= 100);
  add(queue, std::string(90, 'x'));
  queue.taken(80);
  CHECK(queue.room(85).size() >= 85);
  CHECK(queue.bytes() == std::string(10, 'x'));
}

TEST_CASE("what was taken is wiped, and what waits is kept") {
  ByteQueue queue;
  add(queue, "password, next");
  const char* const place = queue.bytes().data();
  queue.taken(10);
  queue.wipe_taken();
  CHECK(queue.bytes() == "next");
  CHECK(std::all_of(place, place + 10, [](char c) { return c == '\0'; }));
}

TEST_CASE("memory is given back with what waits") {
  ByteQueue queue;
  add(queue, "text");
  queue.release();
  CHECK((queue.empty() && queue.capacity() == 0));
  add(queue, "more");
  CHECK(queue.bytes() == "more");
}
