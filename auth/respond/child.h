// Running another program and taking what it prints: ssh-keygen, an askpass program.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// Looks the program up in PATH, gives it `input` (at most 4,096 bytes) and takes at most
// `limit` bytes of what it prints. Its standard error is ours. Error: it cannot be started, it fails, it
// prints more. `variables` are set for it alone.
Result<Secret> output_of(const std::vector<std::string>& command, std::string_view input, std::size_t limit,
                         const std::vector<std::pair<std::string, std::string>>& variables = {});

}  // namespace sallyport
