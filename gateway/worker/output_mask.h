// OutputMask: takes out of a terminal's output what the policy's rules say must not be recorded: what a
// target shows in the same line behind the words of a rule, e.g. a password that it echoes behind its prompt.
// Two numbers a rule and no byte held back, however the output is cut; the time is linear. Pure.
// Runs in: the workers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mask_rule.h"
#include "gateway/worker/printed_text.h"

namespace sallyport {

class OutputMask {
 public:
  // What stands in the output instead.
  static constexpr std::string_view kSign = "‹masked›";
  // More than this is no secret any more, but a session that nobody could read up (I6).
  static constexpr std::size_t kMostHidden = 64 * 1024;

  // Refuses a rule that cannot be applied.
  static Result<OutputMask> create(const std::vector<std::string>& rules);

  // What of `output` is to be recorded. Hidden is every byte, those of escape sequences too, up to the line
  // feed; blanks right behind the rule are left, so that a prompt behind which nothing comes stays as it was.
  std::string pass(std::string_view output);
  bool is_empty() const noexcept { return rules_.empty(); }
  // Whether anything of the last output was hidden.
  bool has_hidden() const noexcept { return has_hidden_; }
  // The rule by which something began to be hidden in the last output; empty: none did.
  std::string_view begun_by() const noexcept { return begun_by_; }
  // More than kMostHidden bytes were to be hidden in one line.
  bool overrun() const noexcept { return overrun_; }

 private:
  using RuleSet = std::uint32_t;  // one bit a rule
  static constexpr RuleSet kNoText = RuleSet{1} << 31;
  static_assert(MaskRule::kMost < 32);

  // How far a line has come in a rule: in which word, and how many letters of it came last. The words'
  // failure functions are those of Knuth, Morris and Pratt.
  struct Progress {
    MaskRule rule;
    std::vector<std::vector<std::uint8_t>> failures;
    std::size_t word = 0, letters = 0;

    explicit Progress(MaskRule said);
    const std::string& next_word() const noexcept { return rule.words[word]; }
    bool take(char c) noexcept;  // true: the word is complete
  };

  OutputMask();
  void add(MaskRule rule);
  void expect_word(std::size_t rule, bool expected);
  std::size_t read(std::string_view output);
  std::size_t next_beginning(std::string_view output, std::size_t from) const noexcept;
  bool read(char c, RuleSet concerned);
  bool complete_word(std::size_t rule);
  std::size_t hide(std::string_view output, std::string& shown);
  void end_line(std::string& shown);
  void begin_rules();

  std::vector<Progress> rules_;
  RuleSet all_ = 0, begun_ = 0, advanced_ = 0;  // begun: with letters; advanced: beyond their first word
  // Which rules wait for a word that begins with this byte; kNoText where it is not text by itself. And for
  // one that has it as its second letter: most lines have many first letters, few of them with the second.
  std::array<RuleSet, 256> first_{}, second_{};
  PrintedText printed_;
  enum class At : std::uint8_t { open, behind_rule, hidden } at_ = At::open;
  std::size_t found_ = 0;   // the rule that was
  std::size_t hidden_ = 0;  // bytes of this line
  bool return_hidden_ = false;
  bool has_hidden_ = false, overrun_ = false;
  std::string_view begun_by_;
};

}  // namespace sallyport
