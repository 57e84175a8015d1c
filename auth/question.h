// Questions as people meet them: drawn, grouped for reading aloud, typed back, and put into a prompt.
// Pure. Runs in: sallyportd, sallyport-auth, sallyport-respond.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/ocra_suite.h"
#include "base/random.h"

namespace sallyport {

// As long as the suite allows. Letters and digits that look alike (0 O, 1 I L, 5 S, 2 Z, 8 B) are left out,
// because questions are read out over the telephone: QA10 still holds 46 bits.
std::string draw_question(const OcraSuite& suite, Random& random);

// Groups of five, four or three, whichever divides the text evenly: "K7XQM 3PDR4", "1234 5678", "123 456".
std::string grouped(std::string_view text);

// What a person typed or pasted, as it was meant: no spaces, no dashes, letters in upper case.
std::string ungrouped(std::string_view text);

// The prompt that carries a question, made by the monitor and parsed by sallyport-respond.
// "Challenge K7XQM 3PDR4, response: "
std::string challenge_prompt(std::string_view question);
// The question in such a prompt, ungrouped; also with OpenSSH's "(kim@gate) " in front and without the
// trailing space. Nothing when the prompt is another one.
std::optional<std::string> question_in_prompt(std::string_view prompt);

// `prompt` without the "(kim@gate) " that OpenSSH puts in front of a keyboard-interactive prompt.
std::string_view without_host(std::string_view prompt);

}  // namespace sallyport
