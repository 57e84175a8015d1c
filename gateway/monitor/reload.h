// Reading /etc/sallyport again, whole or not at all (I8). Runs in: sallyportd (privileged).
#pragma once

#include "gateway/monitor/gate.h"

namespace sallyport {

// What the deny side must cover for this catalogue: the gate's service ports and every target's addresses.
Guarded guarded_by(const Catalogue& catalogue);
// Reads, or makes, the certificate of the HTTPS door, where there is one; a new one is journaled first.
Done load_certificate(Gate& gate);
// Policies, targets and reps change, and the certificate; sallyport.toml takes effect at the next start. On
// any problem the ones in force stay, and the error names file, line and what was expected.
Done reload(Gate& gate);

}  // namespace sallyport
