// Runs in: every program.
#include "base/check.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

namespace sallyport {

void our_bug(bool condition, const char* what, const char* file, int line) {
  if (!condition) return;
  const std::string text = fmt::format("<2>bug: {} ({}:{})\n", what, file, line);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace sallyport
