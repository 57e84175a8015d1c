// Runs in: sallyportd, sallyport-auth, sallyport-respond.
#include "auth/ocra_mutual.h"

#include "auth/response_window.h"
#include "base/check.h"

namespace sallyport {

namespace {

std::optional<std::uint64_t> behind(const std::optional<std::uint64_t>& counter, std::uint64_t by) {
  return counter ? std::optional{*counter - by} : std::nullopt;
}

}  // namespace

OcraSuite gate_suite(const OcraSuite& suite) {
  std::string text = suite.text();
  if (const auto at = text.find("-PSHA"); at != std::string::npos)
    text.erase(at, text.find('-', at + 1) - at);
  auto without = OcraSuite::parse(text);
  our_bug(!without || without->pin_hash(), "a suite without its PIN is no suite");
  return *std::move(without);
}

Result<std::string> gate_answer(const OcraSuite& suite, const Secret& key, const OcraInput& input) {
  OcraInput without_pin;
  without_pin.counter = input.counter;
  without_pin.question = input.question;
  without_pin.second_question = input.second_question;
  without_pin.session_information = input.session_information;
  without_pin.time_step = input.time_step;
  return ocra(gate_suite(suite), key, without_pin);
}

std::size_t full_question_length(const OcraSuite& suite) {
  const auto length = suite.question_length();
  return suite.question_format() == QuestionFormat::hexadecimal ? length - length % 2 : length;
}

Done check_mutual_question(const OcraSuite& suite, std::string_view question) {
  RETURN_IF_ERROR(check_question(suite, question));
  if (question.size() != full_question_length(suite))
    return fail("the question has not {} characters", full_question_length(suite));
  return {};
}

Result<bool> gate_answer_is_right(const OcraSuite& suite, const Secret& key, const OcraInput& input,
                                  std::string_view answer) {
  const auto most_behind = input.counter ? std::min(*input.counter, kLookAhead) : 0;
  const auto off = input.time_step ? static_cast<std::uint64_t>(kTimeTolerance) : 0;
  OcraInput tried;
  tried.question = input.question;
  tried.second_question = input.second_question;
  tried.session_information = input.session_information;
  for (std::uint64_t back = 0; back <= most_behind; ++back) {
    tried.counter = behind(input.counter, back);
    for (std::uint64_t step = 0; step <= 2 * off; ++step) {
      if (input.time_step && *input.time_step + step < off) continue;
      if (input.time_step) tried.time_step = *input.time_step + step - off;
      ASSIGN_OR_RETURN(const auto right, gate_answer(suite, key, tried));
      if (Secret{right}.equals(answer)) return true;
    }
  }
  return false;
}

}  // namespace sallyport
