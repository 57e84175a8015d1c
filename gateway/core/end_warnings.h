// EndWarnings: when a rep is told that a session's time runs out: 15, 5 and 1 minutes before. Pure.
// Runs in: sallyportd.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace sallyport {

class EndWarnings {
 public:
  // Of a session that may last so long. What lies before its beginning is never due.
  explicit EndWarnings(BootClock::duration length = {});

  // Whether to warn now, with so much time left. Each warning is due once; of several that were missed
  // (nobody was there to be told, or the machine slept) only the last counts.
  bool due(BootClock::duration left);

 private:
  std::size_t next_;
};

}  // namespace sallyport
