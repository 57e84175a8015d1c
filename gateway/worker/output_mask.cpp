// Runs in: the workers.
#include "gateway/worker/output_mask.h"

#include <utility>

namespace sallyport {

static_assert(MaskRule::kLongest <= UINT8_MAX, "a failure function's values are single bytes");

// For each length of a beginning of the word: the longest shorter beginning that it ends with.
OutputMask::Progress::Progress(MaskRule said) : rule(std::move(said)) {
  for (const auto& text : rule.words) {
    std::vector<std::uint8_t> failure(text.size() + 1, 0);
    for (std::size_t at = 1, same = 0; at < text.size(); ++at) {
      while (same > 0 && text[at] != text[same]) same = failure[same];
      if (text[at] == text[same]) ++same;
      failure[at + 1] = static_cast<std::uint8_t>(same);
    }
    failures.push_back(std::move(failure));
  }
}

bool OutputMask::Progress::take(char c) noexcept {
  const auto& text = rule.words[word];
  while (letters > 0 && text[letters] != c) letters = failures[word][letters];
  if (text[letters] == c) ++letters;
  if (letters < text.size()) return false;
  letters = 0;
  return ++word == rule.words.size();
}

Result<OutputMask> OutputMask::create(const std::vector<std::string>& rules) {
  OutputMask mask;
  for (const auto& text : rules) {
    ASSIGN_OR_RETURN(auto rule, MaskRule::parse(text));
    mask.rules_.emplace_back(std::move(rule));
  }
  return mask;
}

std::string OutputMask::pass(std::string_view output) {
  std::string shown;
  shown.reserve(output.size());
  has_hidden_ = at_ == At::hidden;
  begun_by_ = {};
  for (const char c : output) {
    if (c == '\n') {
      if (std::exchange(return_hidden_, false)) shown += '\r';
      end_line();
      shown += c;
    } else if (at_ == At::open) {
      shown += c;
      read(c);
    } else {
      hide(c, shown);
    }
  }
  return shown;
}

void OutputMask::read(char c) {
  for (const char printed : printed_.take(c))
    for (std::size_t i = 0; i < rules_.size(); ++i)
      if (at_ == At::open && rules_[i].take(folded(printed))) at_ = At::behind_rule, found_ = i;
}

void OutputMask::hide(char c, std::string& shown) {
  if (at_ == At::behind_rule) {
    if (c == ' ' || c == '\r') {
      shown += c;
      return;
    }
    at_ = At::hidden;
    begun_by_ = rules_[found_].rule.text;
    has_hidden_ = true;
    shown += kSign;
  }
  overrun_ |= ++hidden_ > kMostHidden;
  return_hidden_ = c == '\r';
}

void OutputMask::end_line() {
  at_ = At::open;
  hidden_ = 0;
  printed_.end_line();
  for (auto& rule : rules_) rule.begin_line();
}

}  // namespace sallyport
