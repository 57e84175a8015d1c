// Runs in: sallyport.
#include "gateway/console/screen.h"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace sallyport {

void Screen::draw(std::string_view output) {
  for (const char* mode : {"\x1b[?1049", "\x1b[?1047", "\x1b[?47"}) {
    const std::string entering = std::string{mode} + "h", leaving = std::string{mode} + "l";
    const auto on = output.rfind(entering), off = output.rfind(leaving);
    if (on != output.npos && (off == output.npos || off < on)) alternate_ = true;
    if (off != output.npos && (on == output.npos || on < off)) alternate_ = false;
  }
  const auto drawn = raw_ ? std::string{output} : filter_.pass(output);
  std::fwrite(drawn.data(), 1, drawn.size(), stdout);
}

void Screen::clear() {
  const std::string out =
      std::string{alternate_ ? "\x1b[?1049l" : ""} + "\x0f\x1b(B\x1b[0m\x1b[r\x1b[?6l\x1b[H\x1b[2J";
  std::fwrite(out.data(), 1, out.size(), stdout);
  alternate_ = false;
  filter_ = TerminalFilter{TerminalFilter::Keep::drawing};
}

void Screen::restore() const {
  if (::isatty(STDOUT_FILENO) == 0) return;
  std::string out = "\x0f\x1b(B\x1b[0m\x1b[?25h\x1b[?7h\x1b[4l\x1b[?6l";
  if (alternate_) out += "\x1b[?1049l";
  out +=
      "\x1b"
      "7\x1b[r\x1b"
      "8";  // setting the scroll region moves the cursor
  if (raw_) out += "\x1b\\\x1b[?1l\x1b>\x1b[?1000;1002;1003;1006;2004l";
  out += "\r\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

}  // namespace sallyport
