// The state folder as a start finds it: whose what is in it is, whether it can be written, whether there is room.
// A restored backup, a disk that is full and one that the kernel made read-only are met here, with what to do.
// Runs in: sallyportd (privileged), before it opens anything there; sallyport doctor.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace sallyport {

// The first thing that is wrong. A folder that is not there yet is in order.
Done check_state_folder(const std::filesystem::path& state);

}  // namespace sallyport
