// Runs in: sallyportd, sallyport, the workers.
#include "base/mask_rule.h"

#include <algorithm>

#include "base/escape.h"

namespace sallyport {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words{1};
  for (const char c : text)
    if (c == '*')
      words.emplace_back();
    else
      words.back() += folded(c);
  return words;
}

}  // namespace

Result<MaskRule> MaskRule::parse(std::string_view text) {
  if (text.empty() || text.size() > kLongest)
    return fail("a rule has {} bytes (expected 1 to {})", text.size(), kLongest);
  if (!is_utf8(text) || std::ranges::any_of(text, is_control))
    return fail("\"{}\" holds what is no text (expected UTF-8 without control characters)",
                escape_terminal(text));
  MaskRule rule{std::string{text}, words_of(text)};
  if (std::ranges::any_of(rule.words, &std::string::empty))
    return fail("\"{}\" has a * that stands between nothing (expected text before and behind each *)", text);
  const auto blank = [](char c) { return c == ' ' || c == '*'; };
  const auto letters = text.size() - static_cast<std::size_t>(std::ranges::count_if(text, blank));
  if (letters < kLeastLetters)
    return fail("\"{}\" would hide nearly everything (expected at least {} characters besides spaces and *)",
                text, kLeastLetters);
  return rule;
}

}  // namespace sallyport
