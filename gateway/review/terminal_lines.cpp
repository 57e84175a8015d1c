// Runs in: sallyport.
#include "gateway/review/terminal_lines.h"

#include <fmt/core.h>

namespace sallyport {

std::string place_text(std::chrono::microseconds at) {
  const auto tenths = at.count() / 100'000;
  return fmt::format("{}:{:02}:{:02}.{}", tenths / 36'000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10);
}

void TerminalLines::take(const CastEvent& event) {
  if (event.kind != 'o') return;
  for (const char c : filter_.pass(event.data)) {
    if (line_.text.empty()) line_.at = event.at;
    if (c == '\n') {
      hand_out();
      line_.text.clear();
      fresh_ = true;
      continue;
    }
    line_.text += c;
    const bool at_character = (c & '\xc0') != '\x80';
    if (line_.text.size() < kLongest || !at_character) continue;
    hand_out();
    auto cut = line_.text.size() - kOverlap;
    while ((line_.text[cut] & '\xc0') == '\x80') ++cut;
    line_.text.erase(0, cut);
    fresh_ = false;
  }
}

void TerminalLines::finish() {
  if (!line_.text.empty()) hand_out();
  line_.text.clear();
}

void TerminalLines::hand_out() {
  if (!line_.text.empty() && (fresh_ || line_.text.size() > kOverlap)) each_(line_);
}

}  // namespace sallyport
