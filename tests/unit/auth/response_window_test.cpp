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

TEST_CASE("a suite that needs a PIN, session information or neither gets exactly that") {
  const Secret response{"12345678"}, hash{std::string(20, 'h')};
  const auto checked = [&](const char* text, const Secret* pin, std::optional<std::string> session) {
    return match_response(OcraSuite::parse(text).value(), kKey,
                          {"12345678", response, 0, 0s, {}, pin, std::move(session)})
        .has_value();
  };
  CHECK(checked("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", &hash, {}));
  CHECK_FALSE(checked("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", nullptr, {}));
  CHECK_FALSE(checked("OCRA-1:HOTP-SHA256-8:QN08-PSHA256", &hash, {}));
  CHECK(checked("OCRA-1:HOTP-SHA256-8:QN08-S064", nullptr, "s"));
  CHECK_FALSE(checked("OCRA-1:HOTP-SHA256-8:QN08-S064", nullptr, {}));
  CHECK_FALSE(checked("OCRA-1:HOTP-SHA256-8:QN08", &hash, {}));
  CHECK_FALSE(checked("OCRA-1:HOTP-SHA256-8:QN08", nullptr, "s"));
}

TEST_CASE("a wrong PIN, gate or second question makes a response wrong") {
  const auto suite = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08-PSHA1-S064").value();
  OcraInput input;
  input.question = "12345678";
  input.second_question = "87654321";
  input.pin = Secret{"1234"};
  input.session_information = "gate 1";
  const Secret response{ocra(suite, kKey, input).value()};
  const auto pin = hash_pin(OcraHash::sha1, Secret{"1234"}).value();
  const auto other_pin = hash_pin(OcraHash::sha1, Secret{"1235"}).value();
  const auto match_with = [&](const Secret& hash, const char* session, const char* second) {
    return match_response(suite, kKey, {"12345678", response, 0, 0s, second, &hash, session})
        .value()
        .has_value();
  };
  CHECK(match_with(pin, "gate 1", "87654321"));
  CHECK_FALSE(match_with(other_pin, "gate 1", "87654321"));
  CHECK_FALSE(match_with(pin, "gate 2", "87654321"));
  CHECK_FALSE(match_with(pin, "gate 1", "87654322"));
  CHECK_FALSE(match_with(pin, "gate 1", ""));
}

TEST_CASE("the window's edges are exact for every counter and step around them") {
  const auto counting = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:C-QN08").value();
  for (const std::uint64_t expected : {0ULL, 1ULL, 9ULL, 1000ULL})
    for (std::uint64_t used = expected < 3 ? 0 : expected - 3; used <= expected + 13; ++used) {
      const bool inside = used >= expected && used <= expected + kLookAhead;
      const auto next = match(counting, made_with(counting, used, {}), expected);
      CHECK(next.has_value() == inside);
      if (inside) CHECK(next == used + 1);
    }
  const auto timed = OcraSuite::parse("OCRA-1:HOTP-SHA256-8:QN08-T30S").value();
  for (const auto now : {3000s, 3001s, 3029s})
    for (std::uint64_t step = 96; step <= 104; ++step)
      CHECK(match(timed, made_with(timed, {}, step), 0, now).has_value() == (step >= 99 && step <= 101));
}
