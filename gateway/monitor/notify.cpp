// Runs in: sallyportd (privileged).
#include "gateway/monitor/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/unique_fd.h"

namespace sallyport {

void notify_service_manager(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Nobody to tell when it fails; the service manager will notice the silence.
  (void)sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
               size);
}

std::optional<std::chrono::milliseconds> watchdog_period() {
  const char* const microseconds = std::getenv("WATCHDOG_USEC");
  const char* const process = std::getenv("WATCHDOG_PID");
  if (microseconds == nullptr || (process != nullptr && std::to_string(getpid()) != process))
    return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(microseconds, microseconds + std::strlen(microseconds), value);
  if (error != std::errc{} || *end != '\0' || value <= 0) return std::nullopt;
  return std::chrono::milliseconds{std::max<std::int64_t>(1, value / 2000)};
}

}  // namespace sallyport
