// Runs in: sallyportd, sallyport.
#include "policies/toml_characters.h"

#include <algorithm>

#include "base/escape.h"

namespace sallyport {

namespace {

// Follows comments and strings as the TOML grammar has them, and stops at a letter outside of both.
class CharacterCheck {
 public:
  explicit CharacterCheck(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark
  }

  // Where the first misplaced character stands.
  std::optional<std::size_t> find_misplaced() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool is_quote = c == '"' || c == '\'';
      if (!is_ascii(c) || (is_quote && !may_begin_)) return at_;
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (is_quote)
        skip_string(c);
      else
        pass(c);
      if (misplaced_) return at_;
    }
    return std::nullopt;
  }

 private:
  static bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

  // A string begins where a key or a value does. A quote inside a word is an error that the parser finds, but
  // it reads on to the word's end first, past the quote.
  void pass(char c) {
    const bool first_equals = c == '=' && !seen_equals_;
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    may_begin_ = blank || c == ',' || first_equals || (may_begin_ && (c == '[' || c == '{'));
    if (c == '\n' || c == ',' || c == '{') seen_equals_ = false;
    if (c == '=') seen_equals_ = true;
    ++at_;
  }

  void skip_string(char quote) {
    may_begin_ = false;
    const std::string fence(3, quote);
    if (text_.substr(at_).starts_with(fence)) {
      at_ += 3;
      skip_lines(quote, fence);
    } else {
      ++at_;
      skip_line(quote);
    }
  }

  // A string of one line; a line break in it is an error that the parser tells.
  void skip_line(char quote) {
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n')
      at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    ++at_;
  }

  // A string of many lines; up to two more quotes at its end belong to it.
  void skip_lines(char quote, const std::string& fence) {
    while (at_ < text_.size() && !text_.substr(at_).starts_with(fence) && !misplaced_) {
      if (quote == '"' && text_[at_] == '\\')
        skip_escape();
      else
        ++at_;
    }
    if (misplaced_) return;
    at_ += 3;
    for (int more = 0; more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) ++at_;
  }

  // A backslash at a line's end swallows white space, and there the library asks again.
  void skip_escape() {
    const auto next = std::min(text_.find_first_not_of(" \t\r\n", at_ + 1), text_.size());
    const bool is_character = next == at_ + 1;
    misplaced_ = next < text_.size() && !is_ascii(text_[next]);
    at_ = is_character && !misplaced_ ? next + 1 : next;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool may_begin_ = true;     // a string, here
  bool seen_equals_ = false;  // since the last line, comma or brace
  bool misplaced_ = false;
};

std::uint32_t line_at(std::string_view text, std::size_t at) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(at, text.size()));
  return static_cast<std::uint32_t>(std::count(text.begin(), end, '\n')) + 1;
}

std::optional<SyntaxError> check_utf8(std::string_view text) {
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    if (!is_utf8(line)) return SyntaxError{number, "not UTF-8"};
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<SyntaxError> check_toml_characters(std::string_view text) {
  if (auto bad = check_utf8(text)) return bad;
  if (const auto at = CharacterCheck{text}.find_misplaced())
    return SyntaxError{line_at(text, *at),
                       "a quote, or a letter that is not ASCII, stands where it cannot (expected texts in "
                       "\"quotes\", comments behind #)"};
  return std::nullopt;
}

}  // namespace sallyport
