// Runs in: sallyportd (privileged).
#include "gateway/monitor/target_use.h"

// The kernel's header, not <netinet/tcp.h>, whose tcp_info ends before the byte counters.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace sallyport {

bool carried_a_session(const UniqueFd& target) {
  constexpr std::uint64_t kMostForLogin = 64 * 1024;
  tcp_info info{};
  socklen_t length = sizeof info;
  if (!target) return false;
  if (getsockopt(target.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return true;
  return info.tcpi_bytes_acked > kMostForLogin;
}

}  // namespace sallyport
