// Recordings as the console reads them. Runs in: tests.
#include "gateway/review/cast.h"

#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const std::string kHeader =
    "{\"version\": 2, \"width\": 80, \"height\": 24, \"env\": {\"TERM\": \"xterm\"}}\n";

}  // namespace

TEST_CASE("a recording is read with its times, sizes and text") {
  const auto cast = parse_cast(
      kHeader + "[0.5, \"o\", \"a\\u001b[1m\"]\n[1.25, \"r\", \"100x50\"]\n[2, \"o\", \"\xc3\xa9\"]\n");
  REQUIRE(cast);
  CHECK(cast->columns == 80);
  REQUIRE(cast->events.size() == 3);
  CHECK(cast->events[0].at == 500ms);
  CHECK(cast->events[0].data == "a\x1b[1m");
  CHECK(cast->events[1].kind == 'r');
  CHECK(cast->bad_line == 0);
}

TEST_CASE("of a damaged recording the good part is kept and the bad line named") {
  const auto torn = parse_cast(kHeader + "[0.5, \"o\", \"a\"]\n[1.0, \"o\", \"b");
  REQUIRE(torn);
  CHECK(torn->events.size() == 1);
  CHECK(torn->bad_line == 3);
  CHECK(parse_cast(kHeader + "[0.5, \"o\"]\n[1, \"o\", \"x\"]\n")->bad_line == 2);
  CHECK(parse_cast(kHeader + "[0, \"o\", " + std::string(200000, '[') + "\n")->bad_line == 2);
}

TEST_CASE("what is not an asciicast v2 is refused") {
  CHECK_FALSE(parse_cast(""));
  CHECK_FALSE(parse_cast("{}\n"));
  CHECK_FALSE(parse_cast("{\"version\": 1}\n"));
  CHECK_FALSE(parse_cast("[]\n"));
}

TEST_CASE("times that go back or beyond reason do not stop the player") {
  const auto cast = parse_cast(
      kHeader + "[5, \"o\", \"a\"]\n[1, \"o\", \"b\"]\n[-3, \"o\", \"c\"]\n[1e300, \"o\", \"d\"]\n");
  REQUIRE(cast);
  CHECK(cast->events[2].at == 5s);
  CHECK(cast->events[3].at == 1000000000s);
}

TEST_CASE("long pauses are cut to the longest allowed one") {
  auto cast = parse_cast(kHeader + "[1, \"o\", \"a\"]\n[100, \"o\", \"b\"]\n[101, \"o\", \"c\"]\n").value();
  shorten_pauses(cast, 2s);
  CHECK(cast.events[0].at == 1s);
  CHECK(cast.events[1].at == 3s);
  CHECK(cast.events[2].at == 4s);
}
