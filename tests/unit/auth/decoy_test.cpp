// The rep that an unknown name is asked like. Runs in: tests.
#include "auth/decoy.h"

#include <algorithm>
#include <set>

#include "auth/ocra_session.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const Secret kKey{std::string_view{"the gate's own"}};
using Reps = std::vector<std::string_view>;

std::vector<std::string> some_names() {
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back("guess" + std::to_string(i));
  return names;
}

}  // namespace

TEST_CASE("I11: unknown names are spread over all reps, each always to the same one") {
  const Reps reps{"kim", "lee", "sam"};
  std::set<std::size_t> seen;
  for (const auto& name : some_names()) {
    seen.insert(decoy_for(name, kKey, reps));
    CHECK(decoy_for(name, kKey, reps) == decoy_for(name, kKey, reps));
  }
  CHECK(seen == std::set<std::size_t>{0, 1, 2});
  CHECK(decoy_for("guess", kKey, {}) == 0);
}

TEST_CASE("I11: made-up bytes are the name's own, as long as wanted, and the key's secret") {
  const Secret other{std::string_view{"another gate's"}};
  for (const std::size_t size : {0U, 1U, 16U, 32U, 33U, 64U, 1023U}) {
    CHECK(decoy_bytes("kim", "credential 0", size, kKey).size() == size);
    CHECK(decoy_bytes("kim", "credential 0", size, kKey) == decoy_bytes("kim", "credential 0", size, kKey));
  }
  std::set<std::string> seen;
  for (const auto& name : some_names())
    for (const auto* const what : {"credential 0", "credential 1"})
      seen.insert(decoy_bytes(name, what, 16, kKey));
  CHECK(seen.size() == 120);
  CHECK(decoy_bytes("kim", "credential 0", 64, kKey) != decoy_bytes("kim", "credential 0", 64, other));
  const auto long_one = decoy_bytes("kim", "credential 0", 64, kKey);
  CHECK(long_one.substr(0, 32) != long_one.substr(32));
}

TEST_CASE("I11: a rep who comes or goes moves only the names that are asked like it") {
  const Reps before{"kim", "lee", "sam"}, after{"kim", "sam"};
  for (const auto& name : some_names()) {
    const auto was = before[decoy_for(name, kKey, before)], is = after[decoy_for(name, kKey, after)];
    if (was != "lee") CHECK(is == was);
  }
}

TEST_CASE("I11: who does not know the gate's key cannot tell whom a name is asked like") {
  const Reps reps{"kim", "lee"};
  const Secret other{std::string_view{"another gate's"}};
  CHECK(std::ranges::any_of(some_names(), [&](const std::string& name) {
    return decoy_for(name, kKey, reps) != decoy_for(name, other, reps);
  }));
}

TEST_CASE("I11: an answer for strangers has the form of a true one") {
  SystemRandom random;
  const auto [text, length] =
      GENERATE(table<std::string, std::size_t>({{"OCRA-1:HOTP-SHA256-8:QA10", 8},
                                                {"OCRA-1:HOTP-SHA1-6:C-QN08-T1M", 6},
                                                {"OCRA-1:HOTP-SHA1-10:QH08-PSHA1-S064", 10},
                                                {"OCRA-1:HOTP-SHA512-0:QN08", 128}}));
  const auto suite = OcraSuite::parse(text).value();
  const auto one = decoy_answer(suite, random), other = decoy_answer(suite, random);
  CHECK(one.size() == length);
  CHECK(one != other);
  CHECK(one.find_first_not_of("0123456789abcdef") == std::string::npos);
}
