// Runs in: every program.
#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace sallyport {

void SystemRandom::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const auto got = getrandom(bytes.data(), bytes.size(), 0);
    our_bug(got < 0 && errno != EINTR, "getrandom failed");
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::string random_text(Random& random, std::string_view alphabet, std::size_t length) {
  our_bug(alphabet.empty() || alphabet.size() > 256, "alphabet of random_text");
  const std::size_t even = 256 - 256 % alphabet.size();  // bytes above would favour the first characters
  std::string text;
  while (text.size() < length) {
    std::byte byte{};
    random.fill({&byte, 1});
    const auto value = std::to_integer<std::size_t>(byte);
    if (value < even) text += alphabet[value % alphabet.size()];
  }
  return text;
}

}  // namespace sallyport
