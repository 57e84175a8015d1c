// Whether somebody accepts connections at a place of this host's own. Nothing is said there. Runs in:
// sallyport, sallyport-metrics.
#pragma once

#include <filesystem>

#include "base/endpoint.h"
#include "base/result.h"

namespace sallyport {

// Returns at once. A full queue is an error too (EAGAIN): one that nobody serves.
Done try_to_connect(const std::filesystem::path& unix_socket);
// The kernel answers for its own addresses at once.
Done try_to_connect(const Endpoint& loopback);

}  // namespace sallyport
