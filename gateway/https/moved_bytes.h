// What has passed over a socket, as the kernel counts it. Runs in: sallyport-https.
#pragma once

#include <cstdint>

namespace sallyport {

// Bytes that the peer has sent, and those that it has taken: not what this kernel still keeps for it. 0 for
// what is no TCP socket.
std::uint64_t bytes_moved_by_peer(int socket);

}  // namespace sallyport
