// A worker ends with its monitor: parent-death signal, and the end of their channel. Runs in: the workers.
#pragma once

#include "base/result.h"

namespace sallyport {

// Asks the kernel to kill this process when its parent dies. Call it after the last change of uid, which
// clears the request. Fails when the monitor is already gone: it could have died before the request.
Done die_with_parent(int channel);

// The monitor is gone: what is open in the kernel is closed already, and nobody is left to answer to.
[[noreturn]] void leave_without_monitor();

}  // namespace sallyport
