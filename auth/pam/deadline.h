// Deadline: the helper's own end when one question takes too long. Runs in: sallyport-auth.
#pragma once

#include <time.h>

#include <chrono>

#include "base/result.h"

namespace sallyport {

// A kernel timer that sends SIGKILL: unlike alarm(2), no PAM module can catch, block or reset it. The second
// line; the first is the monitor, which kills the helper from outside.
class Deadline {
 public:
  static Result<Deadline> make(std::chrono::seconds length);
  Deadline(Deadline&& other) noexcept;
  Deadline& operator=(Deadline&&) = delete;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline();

  Done begin() const { return set(length_); }
  Done end() const { return set(std::chrono::seconds{0}); }

 private:
  Deadline(timer_t timer, std::chrono::seconds length) : timer_(timer), length_(length) {}
  Done set(std::chrono::seconds left) const;
  timer_t timer_;
  bool owned_ = true;
  std::chrono::seconds length_;
};

}  // namespace sallyport
