// Where a head ends. Runs in: unit tests.
#include "gateway/https/http/head_finder.h"

#include "tests/catch.h"

using namespace sallyport::http;

namespace {

// The fault's status, 0 while the head goes on, -1 when it is complete; byte by byte.
int outcome(std::string_view bytes, const HeadLimits& limits = {}) {
  HeadFinder finder{limits};
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const auto found = finder.find(bytes.substr(0, size));
    if (!found) return found.error().status;
    if (*found) return **found == size ? -1 : -2;
  }
  return 0;
}

int at_once(std::string_view bytes, const HeadLimits& limits = {}) {
  const auto found = HeadFinder{limits}.find(bytes);
  if (!found) return found.error().status;
  return *found ? -1 : 0;
}

}  // namespace

TEST_CASE("a head ends at its empty line, however it is cut") {
  const std::string head = "GET / HTTP/1.1\r\nHost: gate\r\n\r\n";
  CHECK(outcome(head) == -1);
  CHECK(HeadFinder{}.find(head + "GET /next").value() == head.size());
  for (std::size_t size = 0; size < head.size(); ++size) CHECK(outcome(head.substr(0, size)) == 0);
}

TEST_CASE("line ends that servers read differently are refused as soon as they are seen") {
  using namespace std::string_literals;
  for (const auto& text :
       {"GET / HTTP/1.1\nHost: gate\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: gate\n\r\n"s,
        "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n"s, "GET / HTTP/1.1\r\nA: b\r\r\n"s,
        "\r\nGET / HTTP/1.1\r\n\r\n"s, "\nGET / HTTP/1.1\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: gate\r\n\n"s,
        "GET / HTTP/1.1\r\nHost: gate\n\n"s, "GET /\0 HTTP/1.1\r\n\r\n"s,
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"s, "GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n"s,
        "GET / HTTP/1.1\r\nA: \x1b[2J\r\n\r\n"s, "GET / HTTP/1.1\r\nA: b\vc\r\n\r\n"s, "\x16\x03\x01\x02"s}) {
    INFO(text);
    CHECK(outcome(text) == 400);
    CHECK(at_once(text) == 400);
  }
}

TEST_CASE("a head has limits, each with its status") {
  const HeadLimits limits{20, 30, 100, 3};
  CHECK(outcome("GET / HTTP/1.1\r\n\r\n", limits) == -1);
  CHECK(outcome("GET /" + std::string(30, 'a') + " HTTP/1.1\r\n", limits) == 414);
  CHECK(outcome("GET /" + std::string(30, 'a'), limits) == 414);
  CHECK(outcome("GET / HTTP/1.1\r\nA: " + std::string(30, 'a'), limits) == 431);
  CHECK(outcome("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits) == -1);
  CHECK(outcome("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", limits) == 431);
  const auto line = "A: " + std::string(25, 'a') + "\r\n";
  CHECK(outcome("GET / HTTP/1.1\r\n" + line + line + line, limits) == 431);
}

TEST_CASE("the lines of a head") {
  CHECK(lines_of("GET / HTTP/1.1\r\nA: b\r\n\r\n") ==
        std::vector<std::string_view>{"GET / HTTP/1.1", "A: b"});
  CHECK(lines_of("\r\n").empty());
}
