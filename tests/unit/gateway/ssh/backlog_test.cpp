// The leftover buffer of one direction. Runs in: unit tests.
#include "gateway/ssh/backlog.h"

#include "tests/catch.h"

using namespace sallyport;

TEST_CASE("a backlog takes as much as it has room for and says how much") {
  Backlog backlog{8};
  CHECK(backlog.take("abcdef") == 6);
  CHECK(backlog.take("ghij") == 2);
  CHECK(backlog.room() == 0);
  CHECK(backlog.front(100) == "abcdefgh");
}

TEST_CASE("a short write leaves the rest in order") {
  Backlog backlog{8};
  backlog.take("abcdefgh");
  backlog.drop(3);
  CHECK(backlog.front(2) == "de");
  CHECK(backlog.take("ijkl") == 3);
  CHECK(backlog.front(100) == "defghijk");
}

TEST_CASE("the gate's own words go in whatever the room") {
  Backlog backlog{4};
  backlog.take("abcd");
  backlog.force("words");
  CHECK(backlog.size() == 9);
  CHECK(backlog.room() == 0);
  backlog.drop(9);
  CHECK(backlog.empty());
  CHECK(backlog.room() == 4);
}

TEST_CASE("a backlog carries any pattern of sizes without loss") {
  Backlog backlog{97};
  std::string sent, got;
  for (unsigned i = 0; i < 5000; ++i) {
    const std::string piece(i % 41, static_cast<char>('a' + i % 26));
    sent += piece.substr(0, backlog.take(piece));
    const auto next = backlog.front(i % 29);
    got += next;
    backlog.drop(next.size());
  }
  got += backlog.front(1000);
  CHECK(got == sent);
}
