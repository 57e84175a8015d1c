// Runs in: sallyport-https.
#include "gateway/https/moved_bytes.h"

// The kernel's header, not <netinet/tcp.h>, whose tcp_info ends before the byte counters. Asio includes that
// one, and the two do not go together.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sallyport {

std::uint64_t bytes_moved_by_peer(int socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
  return info.tcpi_bytes_received + info.tcpi_bytes_acked;
}

}  // namespace sallyport
