// Mutual authentication: the RFC's vectors from both sides, what is refused, and the gate as an oracle.
#include "auth/ocra_mutual.h"

#include <set>

#include "auth/question.h"
#include "auth/response_window.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const Secret kKey32{"12345678901234567890123456789012"};
const Secret kKey64{"1234567890123456789012345678901234567890123456789012345678901234"};

OcraSuite suite(std::string_view text) { return OcraSuite::parse(text).value(); }

OcraInput asking(std::string_view first, std::string_view second) {
  OcraInput input;
  input.question = first;
  input.second_question = second;
  return input;
}

}  // namespace

TEST_CASE("the gate answers as the server of RFC 6287 appendix C.3 does") {
  CHECK(gate_answer(suite("OCRA-1:HOTP-SHA256-8:QA08"), kKey32, asking("CLI22220", "SRV11110")).value() ==
        "28247970");
  CHECK(gate_answer(suite("OCRA-1:HOTP-SHA256-8:QA08"), kKey32, asking("CLI22224", "SRV11114")).value() ==
        "83412541");
}

TEST_CASE("the gate's own answer is made without the rep's PIN, by a suite without one") {
  const auto with_pin = suite("OCRA-1:HOTP-SHA512-8:QA08-PSHA1");
  CHECK(gate_answer(with_pin, kKey64, asking("CLI22220", "SRV11110")).value() == "79496648");
  auto given = asking("CLI22220", "SRV11110");
  given.pin = Secret{"1234"};
  CHECK(gate_answer(with_pin, kKey64, given).value() == "79496648");
  CHECK(ocra(with_pin, kKey64,
             [] {
               auto rep = asking("SRV11110", "CLI22220");
               rep.pin = Secret{"1234"};
               return rep;
             }())
            .value() == "18806276");
}

TEST_CASE("a suite loses its PIN field and nothing else") {
  CHECK(gate_suite(suite("OCRA-1:HOTP-SHA512-8:C-QA08-PSHA1-S064-T1M")).text() ==
        "OCRA-1:HOTP-SHA512-8:C-QA08-S064-T1M");
  CHECK(gate_suite(suite("OCRA-1:HOTP-SHA256-0:QN10-PSHA512")).text() == "OCRA-1:HOTP-SHA256-0:QN10");
  CHECK(gate_suite(suite("OCRA-1:HOTP-SHA256-8:QA08")).text() == "OCRA-1:HOTP-SHA256-8:QA08");
}

TEST_CASE("the rep's question is as long as its suite allows") {
  CHECK(check_mutual_question(suite("OCRA-1:HOTP-SHA256-8:QA08"), "CLI22220"));
  CHECK(check_mutual_question(suite("OCRA-1:HOTP-SHA256-8:QH09"), "0123ABCD"));
  for (const auto* question : {"", "CLI2222", "CLI222200", "CLI2222 ", "CLI2222-", "CLI2222\xc3"})
    CHECK_FALSE(check_mutual_question(suite("OCRA-1:HOTP-SHA256-8:QA08"), question));
  CHECK_FALSE(check_mutual_question(suite("OCRA-1:HOTP-SHA256-8:QN08"), "1234567A"));
  CHECK_FALSE(check_mutual_question(suite("OCRA-1:HOTP-SHA256-8:QH09"), "0123ABCDE"));
}

TEST_CASE("a rep takes a gate's answer whose counter is a little behind, or whose clock is a little off") {
  const auto both = suite("OCRA-1:HOTP-SHA256-8:C-QN08-T1M");
  const auto answered = [&](std::uint64_t counter, std::uint64_t step) {
    auto input = asking("12345678", "87654321");
    input.counter = counter;
    input.time_step = step;
    return gate_answer(both, kKey32, input).value();
  };
  auto mine = asking("12345678", "87654321");
  mine.counter = 20;
  mine.time_step = 1000;
  const auto right = [&](const std::string& answer) {
    return gate_answer_is_right(both, kKey32, mine, answer).value();
  };
  CHECK(right(answered(20, 1000)));
  CHECK(right(answered(10, 1000)));
  CHECK_FALSE(right(answered(9, 1000)));
  CHECK_FALSE(right(answered(21, 1000)));
  CHECK(right(answered(20, 999)));
  CHECK(right(answered(20, 1001)));
  CHECK_FALSE(right(answered(20, 998)));
  CHECK_FALSE(right(answered(20, 1002)));
  CHECK_FALSE(right("00000000"));
  CHECK_FALSE(right(""));
  mine.counter = 0;
  mine.time_step = 0;
  CHECK(right(answered(0, 0)));
  CHECK(right(answered(0, 1)));
}

TEST_CASE("a false gate that does not know the key gives no right answer") {
  const auto plain = suite("OCRA-1:HOTP-SHA256-8:QA10");
  const auto input = asking("K7XQM3PDR4", "AAAAAAAAAA");
  const Secret other{"another key of thirty-two bytes!!"};
  CHECK_FALSE(gate_answer_is_right(plain, kKey32, input, gate_answer(plain, other, input).value()).value());
  // Nor does sending the rep's own answer back, or the answer to the questions the other way round.
  auto turned = asking("AAAAAAAAAA", "K7XQM3PDR4");
  CHECK_FALSE(gate_answer_is_right(plain, kKey32, input, ocra(plain, kKey32, turned).value()).value());
}

// The attack: on connection B the gate asks QS' of somebody who said QC' before. On connection A that
// somebody asks the gate what answers B. The true rep's answer to B is OCRA(QS'|QC').
TEST_CASE("what the gate answers on one connection is no response on another") {
  const auto plain = GENERATE(as<std::string>{}, "OCRA-1:HOTP-SHA256-8:QA10", "OCRA-1:HOTP-SHA256-8:QN08",
                              "OCRA-1:HOTP-SHA256-8:QH10");
  const auto asked = suite(plain);
  SystemRandom random;
  int useful = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto own = draw_question(asked, random), b_question = draw_question(asked, random);
    const auto wanted = ocra(asked, kKey32, asking(b_question, own)).value();
    // What A may be asked: B's question, what was said on B, or a constant. The gate then draws its own.
    for (const auto& chosen : {b_question, own, std::string(full_question_length(asked), '0')}) {
      const auto a_question = draw_question(asked, random);
      if (gate_answer(asked, kKey32, asking(chosen, a_question)).value() == wanted) ++useful;
    }
  }
  CHECK(useful <= 1);  // by chance, one in 10^8 each
}

// Why the order matters: a gate that told its question before it knew the rep's would be such an oracle.
TEST_CASE("a gate whose question came first could be made to answer itself") {
  const auto asked = suite("OCRA-1:HOTP-SHA256-8:QA10");
  const std::string told_on_a = "AAAAAAAAAA", told_on_b = "BBBBBBBBBB";
  const auto &said_on_a = told_on_b, &said_on_b = told_on_a;
  CHECK(gate_answer(asked, kKey32, asking(said_on_a, told_on_a)).value() ==
        ocra(asked, kKey32, asking(told_on_b, said_on_b)).value());
}
