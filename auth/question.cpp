// Runs in: sallyportd, sallyport-auth, sallyport-respond.
#include "auth/question.h"

#include "auth/ocra_session.h"

namespace sallyport {

namespace {

constexpr std::string_view kClearLetters = "ACDEFGHJKMNPQRTUVWXY34679";
constexpr std::string_view kBefore = "Challenge ";
constexpr std::string_view kAfter = ", response:";
constexpr std::string_view kForGrant = " for grant ";
constexpr std::string_view kAtGate = " at gate ";
constexpr std::string_view kAnswers = "The gate answers ";
constexpr std::string_view kAnswered = ". ";
constexpr std::size_t kLongestGateName = 253;
constexpr std::string_view kQuestionLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kAnswerLetters = "0123456789abcdef";

std::size_t group_size(std::size_t length) {
  for (const std::size_t size : {5U, 4U, 3U})
    if (length % size == 0) return size;
  return 4;
}

// Takes what stands before `mark` from the front of `rest`, and the mark; nothing, and `rest` untouched, when
// it is not there.
std::optional<std::string_view> take_until(std::string_view& rest, std::string_view mark) {
  const auto end = rest.find(mark);
  if (end == std::string_view::npos) return std::nullopt;
  const auto before = rest.substr(0, end);
  rest.remove_prefix(end + mark.size());
  return before;
}

// A text of these letters, grouped or not.
bool read_grouped(std::string_view text, std::string_view letters, std::string& into) {
  for (const char c : text)
    if (c != ' ') into += c;
  const bool spaced_well = text == into || text == grouped(into);
  return spaced_well && !into.empty() && into.find_first_not_of(letters) == std::string::npos;
}

// "g-7k3m9q2x at gate gate.example.com SHA256:…"
std::optional<QuestionPlace> read_place(std::string_view text) {
  constexpr std::string_view host = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
  const auto grant = take_until(text, kAtGate);
  const auto gate = take_until(text, " ");
  if (!grant || !gate || gate->empty() || gate->size() > kLongestGateName) return std::nullopt;
  if (!is_grant_id(*grant) || gate->find_first_not_of(host) != std::string_view::npos) return std::nullopt;
  if (!is_fingerprint(text)) return std::nullopt;
  return QuestionPlace{std::string{*grant}, std::string{*gate}, std::string{text}};
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

std::string challenge_prompt(const AskedQuestion& asked) {
  std::string text;
  if (!asked.gate_answer.empty())
    text += fmt::format("{}{}{}", kAnswers, grouped(asked.gate_answer), kAnswered);
  text += fmt::format("{}{}", kBefore, grouped(asked.question));
  if (asked.place)
    text += fmt::format("{}{}{}{} {}", kForGrant, asked.place->grant, kAtGate, asked.place->gate,
                        asked.place->fingerprint);
  return text + fmt::format("{} ", kAfter);
}

std::string challenge_prompt(std::string_view question) {
  return challenge_prompt(AskedQuestion{std::string{question}});
}

std::optional<AskedQuestion> asked_in_prompt(std::string_view prompt) {
  auto text = without_host(prompt);
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  AskedQuestion asked;
  if (text.starts_with(kAnswers)) {
    text.remove_prefix(kAnswers.size());
    const auto answer = take_until(text, kAnswered);
    if (!answer || !read_grouped(*answer, kAnswerLetters, asked.gate_answer)) return std::nullopt;
  }
  if (!text.starts_with(kBefore) || !text.ends_with(kAfter) || text.size() < kBefore.size() + kAfter.size())
    return std::nullopt;
  text.remove_prefix(kBefore.size());
  text.remove_suffix(kAfter.size());
  if (const auto question = take_until(text, kForGrant)) {
    if (!(asked.place = read_place(text))) return std::nullopt;
    text = *question;
  }
  if (!read_grouped(text, kQuestionLetters, asked.question)) return std::nullopt;
  return asked;
}

std::optional<std::string> question_in_prompt(std::string_view prompt) {
  auto asked = asked_in_prompt(prompt);
  if (!asked || asked->place || !asked->gate_answer.empty()) return std::nullopt;
  return std::move(asked->question);
}

std::string_view without_host(std::string_view prompt) {
  if (!prompt.starts_with('(')) return prompt;
  const auto end = prompt.find(") ");
  const bool names_host =
      end != std::string_view::npos && prompt.substr(0, end).find('@') != std::string_view::npos;
  return names_host ? prompt.substr(end + 2) : prompt;
}

}  // namespace sallyport
