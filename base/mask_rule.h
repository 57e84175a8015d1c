// MaskRule: behind which words of a terminal's output a recording shows nothing until the end of the line.
// Pure; runs in: sallyportd, sallyport, the workers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport {

// Not a regular expression: words with `*` between them, found one after the other in a line. What is hidden
// begins where the rule ends, so a recorder never has to hold back what it may have to hide, and a line is
// followed with one number a rule.
struct MaskRule {
  static constexpr std::size_t kMost = 16, kLongest = 128, kLeastLetters = 3;

  // `text`: UTF-8 without control characters; `*` stands for whatever the line has there. Errors say what was
  // expected.
  static Result<MaskRule> parse(std::string_view text);

  std::string text;                // as it was written
  std::vector<std::string> words;  // ASCII letters in lower case
};

// Case counts for nothing in ASCII.
constexpr char folded(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace sallyport
