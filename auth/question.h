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

// Where a response serves, for a suite with session information (auth/ocra_session.h).
struct QuestionPlace {
  std::string grant;        // "g-7k3m9q2x"
  std::string gate;         // its name; told to the rep, not part of the session information
  std::string fingerprint;  // of its first host key, "SHA256:…"
  bool operator==(const QuestionPlace&) const = default;
};

// What the gate's second prompt says. `gate_answer` is the gate's answer to the rep's question, with mutual
// authentication (auth/ocra_mutual.h); empty without.
struct AskedQuestion {
  std::string question;  // ungrouped
  std::optional<QuestionPlace> place{};
  std::string gate_answer{};  // ungrouped
  bool operator==(const AskedQuestion&) const = default;
};

// The prompt that carries a question, made by the monitor and parsed by sallyport-respond.
// "Challenge K7XQM 3PDR4, response: "
// "Challenge K7XQM 3PDR4 for grant g-7k3m9q2x at gate gate.example.com SHA256:…, response: "
// "The gate answers 1234 5678. Challenge K7XQM 3PDR4, response: "
std::string challenge_prompt(const AskedQuestion& asked);
std::string challenge_prompt(std::string_view question);

// What such a prompt says; also with OpenSSH's "(kim@gate) " in front and without the trailing space. Nothing
// when the prompt is another one: every part is as challenge_prompt() writes it, with single spaces.
std::optional<AskedQuestion> asked_in_prompt(std::string_view prompt);
// The question, when that is all the prompt says: a tool that knows nothing of the other parts must not
// answer and leave them unchecked.
std::optional<std::string> question_in_prompt(std::string_view prompt);

// `prompt` without the "(kim@gate) " that OpenSSH puts in front of a keyboard-interactive prompt.
std::string_view without_host(std::string_view prompt);

}  // namespace sallyport
