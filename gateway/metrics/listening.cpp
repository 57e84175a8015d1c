// Runs in: sallyport-metrics.
#include "gateway/metrics/listening.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace sallyport {

namespace {

constexpr int kQueue = 64;
constexpr mode_t kForOurGroup = 0660;

Result<UniqueFd> bound(int family, const sockaddr* address, socklen_t length, const std::string& name) {
  UniqueFd socket{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return fail_errno("making a socket");
  const int yes = 1;
  if (family != AF_UNIX) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.get(), address, length) != 0) return fail_errno("taking {}", name);
  return socket;
}

// Between bind(2) and chmod(2) nobody is let in: listen(2) comes last.
Result<UniqueFd> bound_at(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = path.string();
  std::memcpy(address.sun_path, name.c_str(), std::min(name.size(), sizeof address.sun_path - 1));
  struct stat there {};
  if (lstat(name.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(name.c_str());
  ASSIGN_OR_RETURN(auto socket,
                   bound(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, name));
  if (::chmod(name.c_str(), kForOurGroup) != 0) return fail_errno("giving {} to its group", name);
  return socket;
}

}  // namespace

Result<UniqueFd> listen_for_metrics(const MetricsSettings& settings) {
  auto socket = settings.socket.empty() ? Result<UniqueFd>{fail("no address")} : bound_at(settings.socket);
  if (settings.socket.empty()) {
    sockaddr_storage address{};
    const auto length = settings.loopback.to_sockaddr(address);
    socket = bound(address.ss_family, reinterpret_cast<const sockaddr*>(&address), length,
                   settings.loopback.text());
  }
  if (!socket) return socket;
  if (::listen(socket->get(), kQueue) != 0) return fail_errno("listening");
  return socket;
}

}  // namespace sallyport
