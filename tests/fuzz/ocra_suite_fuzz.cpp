// Any text is either refused or a suite whose own text it is, that draws questions it accepts and answers
// them, one way and mutually; a prompt is read in one way; a secret's file is written as it is read.
#include <cstdint>
#include <string_view>

#include "auth/ocra_mutual.h"
#include "auth/ocra_secret.h"
#include "auth/ocra_session.h"
#include "auth/question.h"
#include "base/check.h"

namespace {

using namespace sallyport;

const Secret kKey{"12345678901234567890"};

void read_prompt(std::string_view text) {
  const auto asked = asked_in_prompt(text);
  our_bug(asked && asked_in_prompt(challenge_prompt(*asked)) != asked, "a prompt that is read in two ways");
}

void read_secret(std::string_view text) {
  const auto secret = OcraSecret::parse(Secret{text});
  if (!secret) return;
  const auto again = OcraSecret::parse(secret->text());
  our_bug(!again || !again->key.equals(secret->key.reveal()), "a secret that changes when it is written");
  our_bug(again->pin.has_value() != secret->pin.has_value(), "a PIN that is lost when it is written");
}

OcraInput everything_in(const OcraSuite& suite, Random& random) {
  OcraInput input;
  input.question = draw_question(suite, random);
  if (suite.has_counter()) input.counter = 7;
  if (suite.pin_hash()) input.pin = Secret{"1234"};
  if (const auto length = suite.session_length())
    input.session_information = ocra_session("SHA256:" + std::string(43, 'A'), "g-1", *length).value();
  if (suite.time_step()) input.time_step = time_step_at(suite, std::chrono::seconds{1'800'000'000});
  return input;
}

void use(const OcraSuite& suite) {
  SystemRandom random;
  auto input = everything_in(suite, random);
  our_bug(!check_mutual_question(suite, input.question), "a question that its own suite refuses");
  our_bug(!ocra(suite, kKey, input), "a suite that cannot be answered");
  input.second_question = draw_question(suite, random);
  const auto answer = gate_answer(suite, kKey, input);
  our_bug(!answer, "a suite in which the gate cannot answer");
  our_bug(!gate_answer_is_right(suite, kKey, input, *answer).value(), "a true answer that is not believed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  read_prompt(text);
  read_secret(text);
  const auto suite = OcraSuite::parse(text);
  if (!suite) return 0;
  our_bug(suite->text() != text, "a suite changed its text");
  our_bug(suite->time_step() && suite->time_step()->count() <= 0, "a suite without time");
  use(*suite);
  return 0;
}
