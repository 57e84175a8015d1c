// Questions: drawn, grouped, typed back, in a prompt.
#include "auth/question.h"

#include <set>

#include "auth/ocra.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

OcraSuite suite(std::string_view question) {
  return OcraSuite::parse(fmt::format("OCRA-1:HOTP-SHA256-8:{}", question)).value();
}

}  // namespace

TEST_CASE("a drawn question fits its suite and is as long as it may be") {
  SystemRandom random;
  const auto [field, length] = GENERATE(table<std::string, std::size_t>(
      {{"QA10", 10}, {"QA64", 64}, {"QN08", 8}, {"QN04", 4}, {"QH10", 10}, {"QH09", 8}, {"QH64", 64}}));
  for (int i = 0; i < 50; ++i) {
    const auto question = draw_question(suite(field), random);
    CHECK(question.size() == length);
    CHECK(check_question(suite(field), question));
  }
}

TEST_CASE("an alphanumeric question has no characters that look alike") {
  SystemRandom random;
  std::set<char> seen;
  for (int i = 0; i < 200; ++i)
    for (const char c : draw_question(suite("QA64"), random)) seen.insert(c);
  CHECK(seen.size() == 25);
  for (const char c : std::string{"0O1IL5S2Z8B"}) CHECK_FALSE(seen.contains(c));
}

TEST_CASE("questions do not repeat") {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(draw_question(suite("QA10"), random));
  CHECK(seen.size() == 1000);
}

TEST_CASE("texts are grouped for reading aloud") {
  CHECK(grouped("K7XQM3PDR4") == "K7XQM 3PDR4");
  CHECK(grouped("12345678") == "1234 5678");
  CHECK(grouped("123456") == "123 456");
  CHECK(grouped("1234567") == "1234 567");
  CHECK(grouped("1234") == "1234");
  CHECK(grouped("").empty());
}

TEST_CASE("what a person types is taken as it was meant") {
  CHECK(ungrouped("k7xqm 3pdr4") == "K7XQM3PDR4");
  CHECK(ungrouped(" 123 456 78\n") == "12345678");
  CHECK(ungrouped("123-456-78") == "12345678");
}

TEST_CASE("the challenge's prompt is made and parsed alike") {
  CHECK(challenge_prompt("K7XQM3PDR4") == "Challenge K7XQM 3PDR4, response: ");
  CHECK(question_in_prompt(challenge_prompt("K7XQM3PDR4")) == "K7XQM3PDR4");
  CHECK(question_in_prompt("(kim@gate.example.org) " + challenge_prompt("12345678")) == "12345678");
  CHECK(question_in_prompt("Challenge K7XQM 3PDR4, response:") == "K7XQM3PDR4");
}

TEST_CASE("another prompt holds no question") {
  const auto* const prompt =
      GENERATE("", "Password: ", "(kim@gate) Password: ", "Challenge , response: ", "Challenge",
               "Challenge, response: ", "Enter Challenge K7XQM, response: ", "Challenge K7XQM, response: 12",
               "Challenge K7X:QM, response: ", "(kim) Challenge K7XQM, response: ",
               "challenge K7XQM, response: ", "Challenge \xc3\xa4, response: ");
  INFO(prompt);
  CHECK_FALSE(question_in_prompt(prompt));
}

namespace {

const QuestionPlace kPlace{"g-7k3m9q2x", "gate.example.com", "SHA256:" + std::string(42, 'A') + "E"};
const std::string kPlacePrompt =
    "Challenge K7XQM 3PDR4 for grant g-7k3m9q2x at gate gate.example.com SHA256:" + std::string(42, 'A') +
    "E, response: ";

}  // namespace

TEST_CASE("the prompt of a suite with session information names grant and gate") {
  const AskedQuestion asked{"K7XQM3PDR4", kPlace};
  CHECK(challenge_prompt(asked) == kPlacePrompt);
  CHECK(asked_in_prompt(kPlacePrompt) == asked);
  CHECK(asked_in_prompt("(kim@gate.example.org) " + kPlacePrompt) == asked);
  CHECK(asked_in_prompt(kPlacePrompt.substr(0, kPlacePrompt.size() - 1)) == asked);
}

TEST_CASE("the prompt of mutual authentication brings the gate's answer first") {
  const AskedQuestion asked{"K7XQM3PDR4", std::nullopt, "12345678"};
  CHECK(challenge_prompt(asked) == "The gate answers 1234 5678. Challenge K7XQM 3PDR4, response: ");
  CHECK(asked_in_prompt("(kim@gate) The gate answers 1234 5678. Challenge K7XQM 3PDR4, response: ") == asked);
  const AskedQuestion both{"12345678", kPlace, std::string(128, 'f')};
  CHECK(asked_in_prompt(challenge_prompt(both)) == both);
}

TEST_CASE("a prompt that says more than a question is not answered as a plain one") {
  CHECK(asked_in_prompt("Challenge K7XQM 3PDR4, response: ") == AskedQuestion{"K7XQM3PDR4"});
  CHECK_FALSE(question_in_prompt(kPlacePrompt));
  CHECK_FALSE(question_in_prompt("The gate answers 1234 5678. Challenge K7XQM 3PDR4, response: "));
}

TEST_CASE("a prompt that is not written as the gate writes it is another prompt") {
  const std::string key = "SHA256:" + std::string(42, 'A') + "E";
  const auto prompt = GENERATE_COPY(
      as<std::string>{}, "Challenge K7XQM  3PDR4, response: ", "Challenge K7 XQM3PDR4, response: ",
      "Challenge  K7XQM, response: ", "Challenge k7xqm 3pdr4, response: ",
      "Challenge K7XQM 3PDR4 for grant, response: ", "Challenge K7XQM 3PDR4 for grant g-1, response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate , response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate SHA256:" + std::string(43, 'A') + ", response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate a b " + key + ", response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate a  " + key + ", response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate a " + key + "x, response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate a " + key + " , response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate a " + key + " for grant g-2 at gate b " + key +
          ", response: ",
      "Challenge K7XQM 3PDR4 for grant G-1 at gate a " + key + ", response: ",
      "Challenge K7XQM 3PDR4 for grant x-1 at gate a " + key + ", response: ",
      "Challenge K7XQM 3PDR4 for grant g-1 at gate a\x1b[2J " + key + ", response: ",
      "Challenge K7XQM 3PDR4 at gate a " + key + ", response: ",
      "Challenge  for grant g-1 at gate a " + key + ", response: ",
      "The gate answers . Challenge K7XQM 3PDR4, response: ",
      "The gate answers 1234 5678 Challenge K7XQM 3PDR4, response: ",
      "The gate answers 12 345678. Challenge K7XQM 3PDR4, response: ",
      "The gate answers ABCD. Challenge K7XQM 3PDR4, response: ", "The gate answers 1234 5678. ",
      "The gate answers 1234. The gate answers 1234. Challenge K7XQM 3PDR4, response: ",
      "Challenge K7XQM 3PDR4, response: The gate answers 1234. ");
  INFO(prompt);
  CHECK_FALSE(asked_in_prompt(prompt));
}
