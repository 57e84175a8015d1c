// Waiter: everything that a destination's process waits for, bounded in time, and ended by SIGTERM.
// Runs in: sallyport-send.
#pragma once

#include <poll.h>

#include <chrono>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport {

using Moment = std::chrono::steady_clock::time_point;

class Waiter {
 public:
  // Takes SIGTERM and SIGINT over; they must be blocked.
  static Result<Waiter> create();

  enum class Came { ready, late, stop };
  // `stop` is said once. From then on nothing waits longer than a few seconds, which are left to end in
  // order.
  Came wait(std::vector<pollfd> for_what, Moment deadline);
  // Through a stop: until `fd` is ready, or an Error: "nothing for 30 s".
  Done wait_for(int fd, short events, std::chrono::milliseconds patience);
  void pause(std::chrono::milliseconds time);
  bool stopping() const noexcept { return stopping_; }

  static Moment in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

 private:
  explicit Waiter(UniqueFd signals) : signals_(std::move(signals)) {}
  UniqueFd signals_;
  bool stopping_ = false;
  Moment stop_by_{};
};

}  // namespace sallyport
