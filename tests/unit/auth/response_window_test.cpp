// Counter and time windows, exact at their edges.
#include "auth/response_window.h"

#include <limits>

#include "auth/ocra.h"
#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

const Secret kKey{"12345678901234567890"};

std::string made_with(const OcraSuite& suite, std::optional<std::uint64_t> counter,
                      std::optional<std::uint64_t> step) {
  OcraInput input;
  input.question = "12345678";
  input.counter = counter;
  input.time_step = step;
  return ocra(suite, kKey, input).value();
}

std::optional<std::uint64_t> match(const OcraSuite& suite, std::string_view response, std::uint64_t counter,
                                   std::chrono::seconds now = 0s) {
  const Secret given{response};
  return match_response(suite, kKey, {"12345678", given, counter, now}).value();
}

}  // namespace

TEST_CASE("a response to the question is right, any other wrong") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08").value();
  const auto right = made_with(suite, {}, {});
  CHECK(match(suite, right, 5) == 5u);
  CHECK_FALSE(match(suite, "", 0));
  CHECK_FALSE(match(suite, right.substr(1), 0));
  CHECK_FALSE(match(suite, right + "0", 0));
  for (std::size_t i = 0; i < right.size(); ++i) {
    auto wrong = right;
    wrong[i] = wrong[i] == '9' ? '0' : static_cast<char>(wrong[i] + 1);
    CHECK_FALSE(match(suite, wrong, 0));
  }
}

TEST_CASE("a counter is looked for from the expected one to ten further, and never behind") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:C-QN08").value();
  CHECK_FALSE(match(suite, made_with(suite, 99, {}), 100));
  CHECK(match(suite, made_with(suite, 100, {}), 100) == 101u);
  CHECK(match(suite, made_with(suite, 110, {}), 100) == 111u);
  CHECK_FALSE(match(suite, made_with(suite, 111, {}), 100));
}

TEST_CASE("a counter does not wrap around") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:C-QN08").value();
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  CHECK(match(suite, made_with(suite, last - 1, {}), last - 1) == last);
  CHECK_FALSE(match(suite, made_with(suite, last, {}), last - 1));
  CHECK_FALSE(match(suite, made_with(suite, 0, {}), last));
}

TEST_CASE("a clock may be one step off, either way") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08-T1M").value();
  const auto response = made_with(suite, {}, 1000);
  CHECK_FALSE(match(suite, response, 0, 999 * 60s - 1s));
  CHECK(match(suite, response, 0, 999 * 60s));
  CHECK(match(suite, response, 0, 1000 * 60s));
  CHECK(match(suite, response, 0, 1001 * 60s + 59s));
  CHECK_FALSE(match(suite, response, 0, 1002 * 60s));
  CHECK(match(suite, made_with(suite, {}, 0), 0, 0s));
}

TEST_CASE("counter and time are looked for together") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:C-QN08-T1M").value();
  CHECK(match(suite, made_with(suite, 7, 1001), 5, 1000 * 60s) == 8u);
  CHECK_FALSE(match(suite, made_with(suite, 7, 1002), 5, 1000 * 60s));
}

TEST_CASE("a suite that needs more than the key is an error") {
  const Secret response{"12345678"};
  for (const auto* text : {"OCRA-1:HOTP-SHA256-8:QN08-PSHA1", "OCRA-1:HOTP-SHA256-8:QN08-S064"})
    CHECK_FALSE(match_response(OcraSuite::parse(text).value(), kKey, {"12345678", response}));
}
