// TerminalLines: the lines of text that a recording's output shows, with their times; what TerminalFilter
// lets through as text, so colours and cursor movement do not hide a word. Text that a program drew all over
// the screen comes in the order in which it was drawn. Pure; constant memory. Runs in: sallyport.
#pragma once

#include <functional>
#include <string>

#include "gateway/review/cast.h"
#include "gateway/review/terminal_filter.h"

namespace sallyport {

struct SeenLine {
  std::chrono::microseconds at{};  // when its first character came, since the recording's start
  std::string text;
};

// "1:02:03.5": hours, minutes, seconds into the recording.
std::string place_text(std::chrono::microseconds at);

class TerminalLines {
 public:
  // A line that goes on longer is handed out in pieces; each begins with the last `kOverlap` bytes of the one
  // before, so that no word is cut.
  static constexpr std::size_t kLongest = 16 * 1024, kOverlap = 256;

  explicit TerminalLines(std::function<void(const SeenLine&)> each) : each_(std::move(each)) {}
  void take(const CastEvent& event);
  void finish();

 private:
  void hand_out();

  std::function<void(const SeenLine&)> each_;
  TerminalFilter filter_{TerminalFilter::Keep::text};
  SeenLine line_;
  bool fresh_ = true;  // nothing of the line was handed out yet
};

}  // namespace sallyport
