// Runs in: sallyport-respond (as the representative).
#include "auth/respond/challenge.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "gateway/wire/prompt.h"

namespace sallyport {

namespace {

constexpr std::string_view kChallenge = "Challenge ", kResponse = ", response", kSignature = "Signature";
constexpr std::string_view kFirstLine = "sallyport-challenge-";
constexpr std::string_view kSpaces = " \t\r\n";
// Base64 of the beginning of every text to sign, whatever its version.
constexpr std::string_view kBeginning = "c2FsbHlwb3J0LWNoYWxsZW5nZS";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && kSpaces.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  while (!text.empty() && kSpaces.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  return text;
}

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (kSpaces.find(c) == std::string_view::npos) out += c;
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Refusal not_as_written() {
  return {"this looks like a gate's challenge, but is not written as a gate writes it"};
}

bool is_like_a_challenge(std::string_view text) {
  const bool asks = contains(text, kChallenge) && (contains(text, kResponse) || contains(text, kSignature));
  return asks || contains(text, kBeginning) || contains(text, kFirstLine) || text.starts_with(kSignature) ||
         text.starts_with("Sign to open") || text.starts_with("The gate answers") ||
         (text.starts_with(kChallenge) && contains(text, "response"));
}

std::optional<Challenge> whole_prompt(std::string_view prompt) {
  if (auto asked = asked_in_prompt(prompt)) return *std::move(asked);
  const auto text = text_in_signature_prompt(prompt);
  if (!text) return std::nullopt;
  if (auto to_sign = TextToSign::read(*text)) return *std::move(to_sign);
  return std::nullopt;
}

Challenge read_base64(const std::string& base64) {
  const auto text = from_base64(base64);
  if (!text) return not_as_written();
  if (auto to_sign = TextToSign::read(*text)) return *std::move(to_sign);
  return not_as_written();
}

}  // namespace

std::optional<TextToSign> TextToSign::read(std::string_view text) {
  auto said = parse_challenge_text(text);
  if (!said) return std::nullopt;
  return TextToSign{std::string{text}, *std::move(said)};
}

Challenge read_challenge(std::string_view typed) {
  if (typed.size() > kLongestPrompt) return Refusal{"the challenge is longer than any gate's"};
  auto text = trimmed(typed);
  if (auto whole = whole_prompt(text)) return *std::move(whole);
  // Its two lines, pasted without what asks for the answer.
  if (auto whole = whole_prompt(fmt::format("{}\n{}: ", text, kSignature))) return *std::move(whole);
  // The second line of a prompt, or only what stands in it.
  auto line = text;
  if (line.starts_with(kChallenge)) line.remove_prefix(kChallenge.size());
  if (line.ends_with("Signature:")) line = trimmed(line.substr(0, line.size() - std::size("Signature:") + 1));
  if (trimmed(line).starts_with(kBeginning)) return read_base64(without_spaces(line));
  if (is_like_a_challenge(text)) return not_as_written();
  return AskedQuestion{ungrouped(text)};
}

Prompt read_prompt(std::string_view prompt) {
  if (prompt.size() > kLongestPrompt) return Refusal{"the prompt is longer than any gate's"};
  if (auto whole = whole_prompt(prompt))
    return std::visit([](auto&& one) -> Prompt { return std::forward<decltype(one)>(one); },
                      *std::move(whole));
  if (const auto number = part_in_signature_prompt(prompt)) return NextPart{*number};
  const auto text = trimmed(without_host(prompt));
  if (text == trimmed(kQuestionPrompt)) return QuestionForGate{};
  if (is_like_a_challenge(text)) return not_as_written();
  return OtherPrompt{};
}

std::string_view host_in_prompt(std::string_view prompt) {
  const auto rest = without_host(prompt);
  if (rest.size() == prompt.size()) return {};
  const auto front = prompt.substr(1, prompt.size() - rest.size() - 3);  // without "(" and ") "
  return front.substr(front.rfind('@') + 1);
}

}  // namespace sallyport
