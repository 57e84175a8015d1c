// Runs in: sallyport.
#include "gateway/review/pattern.h"

#include <re2/re2.h>

#include "base/escape.h"

namespace sallyport {

Pattern::Pattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::make(const std::string& text, Case cases) {
  if (text.empty() || text.size() > kLongest)
    return fail("the pattern has {} bytes; expected 1 to {}", text.size(), kLongest);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  options.set_case_sensitive(cases == Case::as_typed);
  auto expression = std::make_unique<re2::RE2>(text, options);
  if (!expression->ok())
    return fail("'{}' is no pattern: {}", escape_terminal(text), escape_terminal(expression->error()));
  return Pattern{std::move(expression)};
}

bool Pattern::is_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, *expression_);
}

}  // namespace sallyport
