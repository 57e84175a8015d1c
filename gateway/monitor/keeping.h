// What the settings let be deleted by now. Runs in: sallyportd (privileged).
#pragma once

#include "gateway/monitor/gate.h"

namespace sallyport {

// Nothing when what was over at `over`, as the records say, and was last written to at `written`, as the
// storage says, is so many days old; 0 days: it is kept for ever. `what` begins the refusal.
Done is_old(const Gate& gate, const std::string& what, std::uint32_t days, WallTime over, WallTime written);

}  // namespace sallyport
