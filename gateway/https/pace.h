// Pace: how long a peer may keep the gate waiting. Pure; runs in: sallyport-https.
#pragma once

#include <chrono>
#include <cstdint>

namespace sallyport {

// A peer that sends or takes a byte a minute is never silent for long, and would hold a connection for ever.
// So its bytes buy it time: what it moves while the gate waits for it fills its patience, the waiting empties
// it. Whoever keeps to `kLeastRate` is never cut; whoever was quick may rest for kMost.
class Pace {
 public:
  using Duration = std::chrono::milliseconds;
  static constexpr Duration kAtFirst = std::chrono::seconds{10}, kMost = std::chrono::seconds{60};
  static constexpr std::uint64_t kLeastRate = 500;  // bytes a second: a poor line of a telephone carries more

  // The gate has waited for `waited`; `moved`: bytes either way since the connection began.
  void note(Duration waited, std::uint64_t moved);
  // Another message: what it did in the one before counts no more.
  void begin() { *this = {}; }
  bool is_spent() const noexcept { return patience_ <= Duration::zero(); }

 private:
  Duration patience_ = kAtFirst;
  std::uint64_t moved_ = 0;
  bool measured_ = false;
};

}  // namespace sallyport
