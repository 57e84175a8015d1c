// Screen: what a recording shows, drawn on our own terminal, and that terminal as it was before. Runs in:
// sallyport.
#pragma once

#include <string_view>

#include "gateway/review/terminal_filter.h"

namespace sallyport {

class Screen {
 public:
  // `raw` passes every byte to the terminal.
  explicit Screen(bool raw) : raw_(raw) {}

  // The output of one event. Call std::fflush(stdout) when all that is due was drawn.
  void draw(std::string_view output);
  // As it was before anything was drawn.
  void clear();
  // A recording may end in the middle of anything.
  void restore() const;

 private:
  bool raw_;
  bool alternate_ = false;
  TerminalFilter filter_{TerminalFilter::Keep::drawing};
};

}  // namespace sallyport
