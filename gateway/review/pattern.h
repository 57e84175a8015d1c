// Pattern: a regular expression whose search takes time in proportion to the text, whatever the expression
// is: RE2. A backtracking engine (std::regex, PCRE) can be made to run for ever by an expression, or by what
// a rep put on a terminal for an innocent one; std::regex also recurses over the text. Runs in: sallyport.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace sallyport {

class Pattern {
 public:
  enum class Case : std::uint8_t { as_typed, either };
  static constexpr std::size_t kLongest = 1024;
  static constexpr std::int64_t kMostMemory = 8 << 20;

  // RE2's syntax, on UTF-8.
  static Result<Pattern> make(const std::string& text, Case cases = Case::as_typed);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  bool is_in(std::string_view text) const;

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> expression);
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace sallyport
