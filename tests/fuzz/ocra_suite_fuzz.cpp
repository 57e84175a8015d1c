// Any text is either refused or a suite whose own text it is, that draws questions it accepts and answers
// them.
#include <cstdint>
#include <string_view>

#include "auth/ocra.h"
#include "auth/question.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto asked = asked_in_prompt(text))
    our_bug(asked_in_prompt(challenge_prompt(*asked)) != asked, "a prompt that is read in two ways");
  const auto suite = OcraSuite::parse(text);
  if (!suite) return 0;
  our_bug(suite->text() != text, "a suite changed its text");
  our_bug(suite->time_step() && suite->time_step()->count() <= 0, "a suite without time");
  SystemRandom random;
  OcraInput input;
  input.question = draw_question(*suite, random);
  our_bug(!check_question(*suite, input.question), "a question that its own suite refuses");
  if (suite->has_counter()) input.counter = size;
  if (suite->pin_hash()) input.pin = Secret{"1234"};
  if (suite->session_length()) input.session_information = "g";
  if (suite->time_step()) input.time_step = time_step_at(*suite, std::chrono::seconds{1'800'000'000});
  our_bug(!ocra(*suite, Secret{"12345678901234567890"}, input), "a suite that cannot be answered");
  return 0;
}
