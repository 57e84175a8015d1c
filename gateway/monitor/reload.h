// Reading /etc/sallyport again, whole or not at all (I8). Runs in: sallyportd (privileged).
#pragma once

#include "gateway/monitor/gate.h"

namespace sallyport {

// What the deny side must cover for this catalogue: the gate's service ports and every target's addresses.
Guarded guarded_by(const Catalogue& catalogue);
// Policies, targets and reps change; sallyport.toml takes effect at the next start. On any problem the ones
// in force stay, and the error names file, line and what was expected.
Done reload(Gate& gate);

}  // namespace sallyport
