// Runs in: sallyportd, sallyport-auth, sallyport-respond.
#include "auth/question.h"

namespace sallyport {

namespace {

constexpr std::string_view kClearLetters = "ACDEFGHJKMNPQRTUVWXY34679";
constexpr std::string_view kBefore = "Challenge ";
constexpr std::string_view kAfter = ", response:";

std::size_t group_size(std::size_t length) {
  for (const std::size_t size : {5U, 4U, 3U})
    if (length % size == 0) return size;
  return 4;
}

}  // namespace

std::string draw_question(const OcraSuite& suite, Random& random) {
  const auto length = suite.question_length();
  switch (suite.question_format()) {
    case QuestionFormat::alphanumeric:
      return random_text(random, kClearLetters, length);
    case QuestionFormat::numeric:
      return random_text(random, "0123456789", length);
    case QuestionFormat::hexadecimal:
      return random_text(random, "0123456789ABCDEF", length - length % 2);
  }
  return {};
}

std::string grouped(std::string_view text) {
  const auto size = group_size(text.size());
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && i % size == 0) out += ' ';
    out += text[i];
  }
  return out;
}

std::string ungrouped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n') continue;
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

std::string challenge_prompt(std::string_view question) {
  return fmt::format("{}{}{} ", kBefore, grouped(question), kAfter);
}

std::optional<std::string> question_in_prompt(std::string_view prompt) {
  auto text = without_host(prompt);
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  if (!text.starts_with(kBefore) || !text.ends_with(kAfter)) return std::nullopt;
  text.remove_prefix(kBefore.size());
  if (text.size() < kAfter.size()) return std::nullopt;
  text.remove_suffix(kAfter.size());
  auto question = ungrouped(text);
  constexpr std::string_view allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (question.empty() || question.find_first_not_of(allowed) != std::string::npos) return std::nullopt;
  return question;
}

std::string_view without_host(std::string_view prompt) {
  if (!prompt.starts_with('(')) return prompt;
  const auto end = prompt.find(") ");
  const bool names_host =
      end != std::string_view::npos && prompt.substr(0, end).find('@') != std::string_view::npos;
  return names_host ? prompt.substr(end + 2) : prompt;
}

}  // namespace sallyport
