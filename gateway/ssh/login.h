// The login from the first prompt to the open session: password, challenge, target. Runs in: sallyport-ssh.
#pragma once

#include <string>
#include <variant>

#include "gateway/ssh/rep_side.h"
#include "gateway/ssh/target_side.h"

namespace sallyport {

// The rep is in, and so are we at the target.
struct LoggedIn {
  TargetSide target;
  std::string notice;          // for the rep's first terminal
  std::uint32_t channels = 0;  // most open at once
};
// The rep was admitted by the gate, but there is no target: to be said in a sentence.
struct NoTarget {
  std::string sentence;
};

// One keyboard-interactive dialogue for all of it: the target's own prompts follow the gate's (DESIGN
// "Login"). An Error: nobody is let in. In the other cases the rep's attempt has been answered with success.
Result<std::variant<LoggedIn, NoTarget>> log_in(RepSide& rep, MonitorClient& monitor, std::uint32_t tries,
                                                const Clock& clock);

}  // namespace sallyport
