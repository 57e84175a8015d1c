// Heartbeat: notices that the machine at the other end of a leg is gone. Runs in: sallyport-ssh.
#pragma once

#include <optional>
#include <string>

#include "gateway/ssh/leg.h"

namespace sallyport {

// A quiet leg is sent a packet that means nothing (SSH_MSG_IGNORE, RFC 4253 section 11.2), which the peer's
// kernel acknowledges although its program may sleep: a client that its user has stopped with Ctrl-Z is not
// dead, and is not cut.
class Heartbeat {
 public:
  // Call it at least once a second, after the leg has turned.
  void beat(Leg& leg, BootTime now);
  // Nothing was acknowledged for so long that nobody can be there.
  bool stopped() const noexcept { return stopped_; }

 private:
  BootTime looked_{}, beaten_{};
  bool stopped_ = false;
};

}  // namespace sallyport
