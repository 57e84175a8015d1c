// Runs in: the workers.
#include "gateway/worker/output_mask.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace sallyport {

static_assert(MaskRule::kLongest <= UINT8_MAX, "a failure function's values are single bytes");

namespace {

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

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
  return true;
}

OutputMask::OutputMask() {
  for (std::size_t byte = 0; byte < first_.size(); ++byte)
    if (!PrintedText::is_plain(static_cast<char>(byte))) first_[byte] = second_[byte] = kNoText;
}

Result<OutputMask> OutputMask::create(const std::vector<std::string>& rules) {
  OutputMask mask;
  if (rules.size() > MaskRule::kMost)
    return fail("more than {} rules for what is not recorded", MaskRule::kMost);
  for (const auto& text : rules) {
    ASSIGN_OR_RETURN(auto rule, MaskRule::parse(text));
    mask.add(std::move(rule));
  }
  return mask;
}

void OutputMask::add(MaskRule rule) {
  all_ |= RuleSet{1} << rules_.size();
  rules_.emplace_back(std::move(rule));
  expect_word(rules_.size() - 1, true);
}

void OutputMask::expect_word(std::size_t rule, bool expected) {
  const RuleSet bit = RuleSet{1} << rule;
  const auto put = [&](RuleSet& some) { some = expected ? some | bit : some & ~bit; };
  const auto& word = rules_[rule].next_word();
  for (const char either : {word[0], upper(word[0])}) put(first_[index_of(either)]);
  if (word.size() == 1)
    std::ranges::for_each(second_, put);  // whatever follows
  else
    for (const char either : {word[1], upper(word[1])}) put(second_[index_of(either)]);
}

std::string OutputMask::pass(std::string_view output) {
  std::string shown;
  shown.reserve(output.size() + kSign.size());
  has_hidden_ = at_ == At::hidden;
  begun_by_ = {};
  while (!output.empty()) {
    const bool open = at_ == At::open;
    const auto taken = open ? read(output) : hide(output, shown);
    if (open) shown += output.substr(0, taken);
    output.remove_prefix(taken);
  }
  return shown;
}

// As far as nothing is hidden: to the end of a rule, or all of it.
std::size_t OutputMask::read(std::string_view output) {
  for (std::size_t at = 0; at < output.size(); ++at) {
    if (begun_ == 0 && printed_.is_ground()) at = next_beginning(output, at);
    if (at == output.size()) break;
    const char c = output[at];
    const auto concerned = begun_ | first_[index_of(c)];
    if (c == '\n') {
      begin_rules();
    } else if (printed_.is_ground() && (concerned & kNoText) == 0) {
      if (read(folded(c), concerned)) return at + 1;
    } else {
      for (const char printed : printed_.take(c))
        if (read(folded(printed), all_)) return at + 1;
    }
  }
  return output.size();
}

// The next byte, at `from` or behind it, that is not plain text or may begin a word that a rule waits for.
std::size_t OutputMask::next_beginning(std::string_view output, std::size_t from) const noexcept {
  for (auto at = from; at < output.size(); ++at) {
    const auto concerned = first_[index_of(output[at])];
    if (concerned == 0) continue;
    if ((concerned & kNoText) != 0 || at + 1 == output.size()) return at;
    if ((second_[index_of(output[at + 1])] & (concerned | kNoText)) != 0) return at;
  }
  return output.size();
}

// True: the line has one of these rules.
bool OutputMask::read(char c, RuleSet concerned) {
  for (; concerned != 0; concerned &= concerned - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(concerned));
    if (rules_[i].take(c) && complete_word(i)) return true;
    const RuleSet bit = RuleSet{1} << i;
    begun_ = rules_[i].letters > 0 ? begun_ | bit : begun_ & ~bit;
  }
  return false;
}

bool OutputMask::complete_word(std::size_t i) {
  auto& progress = rules_[i];
  if (progress.word + 1 == progress.rule.words.size()) {
    at_ = At::behind_rule;
    found_ = i;
    return true;
  }
  expect_word(i, false);
  ++progress.word;
  expect_word(i, true);
  advanced_ |= RuleSet{1} << i;
  return false;
}

std::size_t OutputMask::hide(std::string_view output, std::string& shown) {
  if (output.front() == '\n') {
    end_line(shown);
    return 1;
  }
  if (at_ == At::behind_rule) {
    const auto blanks = std::min(output.find_first_not_of(" \r"), output.size());
    shown += output.substr(0, blanks);
    if (blanks > 0) return blanks;
    at_ = At::hidden;
    begun_by_ = rules_[found_].rule.text;
    has_hidden_ = true;
    shown += kSign;
  }
  const auto line = output.substr(0, output.find('\n'));
  hidden_ += line.size();
  overrun_ |= hidden_ > kMostHidden;
  return_hidden_ = line.back() == '\r';
  return line.size();
}

void OutputMask::end_line(std::string& shown) {
  if (std::exchange(return_hidden_, false)) shown += '\r';
  shown += '\n';
  at_ = At::open;
  hidden_ = 0;
  begin_rules();
}

void OutputMask::begin_rules() {
  printed_.end_line();
  for (auto rules = begun_ | advanced_; rules != 0; rules &= rules - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(rules));
    expect_word(i, false);
    rules_[i].word = rules_[i].letters = 0;
    expect_word(i, true);
  }
  begun_ = advanced_ = 0;
}

}  // namespace sallyport
