// A worker ends with its monitor: parent-death signal, and the end of their channel; and when it works
// without end. Runs in: the workers.
#pragma once

#include <chrono>

#include "base/result.h"

namespace sallyport {

// Asks the kernel to kill this process when its parent dies. Call it after the last change of uid, which
// clears the request. Fails when the monitor is already gone: it could have died before the request.
Done die_with_parent(int channel);

// The monitor is gone: what is open in the kernel is closed already, and nobody is left to answer to.
[[noreturn]] void leave_without_monitor();

inline constexpr int kOverworked = 3;  // exit status
// From here on this process ends when it works for `most` of processor time without calling limit_work()
// again. A peer may find an endless loop in a library, as one with packets of 10 bytes does in libssh 0.10's
// ssh_channel_write(): such a worker would hear neither the end of its session nor that of its peer.
void limit_work(std::chrono::seconds most);
// What limit_work() needs; the filter does not let it through.
Done prepare_to_limit_work();

}  // namespace sallyport
