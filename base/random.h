// Randomness comes in from outside, so that a test can hold it. Runs in: every program.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override;  // getrandom(2); cannot fail after boot, aborts if it does
};

// `length` characters, each drawn evenly from `alphabet` (at most 256 characters).
std::string random_text(Random& random, std::string_view alphabet, std::size_t length);

}  // namespace sallyport
