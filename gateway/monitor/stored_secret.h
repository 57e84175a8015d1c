// Secrets that the console hands in: under the configuration folder's secrets/, for root alone (I9).
// Runs in: sallyportd (privileged).
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// Makes the folders above `path` with mode 0700 where they are missing, then replaces the file whole, mode
// 0600.
Done store_secret(const std::filesystem::path& path, const Secret& secret);

}  // namespace sallyport
