// The system calls a worker may make; any other kills it. Runs in: the workers.
#pragma once

#include "base/result.h"

namespace sallyport {

enum class WorkerKind { ssh, https };

// Loads the filter for good. Needs no_new_privs. What it lets through is what serving SSH, or
// HTTPS, on descriptors already open takes: no path, no new socket, no new process, no executable memory
// (I7).
Done load_seccomp_filter(WorkerKind kind);

}  // namespace sallyport
