// Monitor: makes the gate's parts in the order that safety asks for, runs the loop, and takes them down
// again. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include "gateway/monitor/options.h"

#include "base/result.h"

namespace sallyport {

// Until SIGTERM or SIGINT. An error says why the gate could not start; nothing is open then.
Done run_monitor(const Options& options);

}  // namespace sallyport
