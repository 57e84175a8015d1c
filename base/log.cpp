// Runs in: every program.
#include "base/log.h"

#include <unistd.h>

#include "base/escape.h"

namespace sallyport {

void log_line(Level level, std::string_view line) {
  const std::string text = fmt::format("<{}>{}\n", static_cast<int>(level), escape_terminal(line));
  // Nobody to tell when logging fails; the journal, not the log, is the record.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace sallyport
