// One line an event on standard error, with the priority prefix that journald and syslog readers know
// (sd-daemon(3)): <3> error, <4> warning, <6> info. Text is escaped: names and banners carry terminal
// escapes. Never a secret (I9). Runs in: every program.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace sallyport {

enum class Level { error = 3, warning = 4, info = 6 };

void log_line(Level level, std::string_view line);

template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(Level::error, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(Level::info, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace sallyport
