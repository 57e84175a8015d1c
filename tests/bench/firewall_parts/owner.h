// Owner: a process that holds the firewall of a gate, with nothing else to do; as lean as a monitor, and in a
// program of its own, so that it dies like one. Runs in: the firewall benchmark, as root.
#pragma once

#include <sys/types.h>

#include <chrono>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "tests/netns/network.h"

namespace sallyport {

class Owner {
 public:
  // Its firewall holds a session of the rep's in each family, and those of other reps, `sessions` in all.
  // Their time is up after `lives`, the others' up to a second later.
  Owner(const NetNamespace& gate, std::size_t sessions, std::chrono::milliseconds lives);
  ~Owner();
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  void signal(int number) const;
  // The deadline of the rep's sessions; and of the last one.
  BootTime until() const { return until_; }
  BootTime last() const { return until_ + std::chrono::seconds{1}; }

 private:
  pid_t pid_ = -1;
  BootTime until_;
};

constexpr std::uint16_t kForwardedPort = 5026;  // of policy hmc-full, TCP and UDP

}  // namespace sallyport
