// What a gate asks, read strictly from a prompt of ssh's or from what a person typed or pasted. Pure.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/challenge_text.h"
#include "auth/question.h"

namespace sallyport {

// Why a challenge is not answered: it is not what the representative expects, or not what a gate writes.
struct Refusal {
  std::string why;
};

// A text to be signed. There is no other way to one than to have read it strictly, so nothing is signed that
// was not understood.
class TextToSign {
 public:
  static std::optional<TextToSign> read(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  const ChallengeText& said() const noexcept { return said_; }

 private:
  TextToSign(std::string text, ChallengeText said) : text_(std::move(text)), said_(std::move(said)) {}
  std::string text_;
  ChallengeText said_;
};

using Challenge = std::variant<AskedQuestion, TextToSign, Refusal>;

inline constexpr std::size_t kLongestPrompt = 16 * 1024;

// Typed or pasted: a question bare or in groups; a whole prompt; the Base64 of a text to sign, broken into
// lines or not.
Challenge read_challenge(std::string_view typed);

struct NextPart {
  std::uint32_t number;
};
struct QuestionForGate {};
struct OtherPrompt {};  // a password, a passphrase, a target's own question: for the person, not for us

using Prompt = std::variant<AskedQuestion, TextToSign, Refusal, NextPart, QuestionForGate, OtherPrompt>;

// What ssh shows. A prompt that is like a gate's but not wholly one is a Refusal, never an OtherPrompt: else
// a person would be talked into answering by hand what this program would not.
Prompt read_prompt(std::string_view prompt);

// The machine's name in OpenSSH's "(kim@gate) " in front of a prompt; empty when it is not there.
std::string_view host_in_prompt(std::string_view prompt);

}  // namespace sallyport
