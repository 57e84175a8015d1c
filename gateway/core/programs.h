// The programs that the monitor starts: a package that was unpacked by half is met at the start, not at a login.
// Runs in: sallyportd (privileged), sallyport doctor.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace sallyport {

// That all of them are in `libexec`, and only root can change them.
Done check_programs(const std::filesystem::path& libexec);

}  // namespace sallyport
