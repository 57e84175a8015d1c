// Runs in: sallyport, sallyport-metrics.
#include "base/reach.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/unique_fd.h"

namespace sallyport {

namespace {

Done connected(int family, int flags, const sockaddr* address, socklen_t length, const std::string& name) {
  const UniqueFd socket{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
  if (!socket) return fail_errno("making a socket");
  if (::connect(socket.get(), address, length) != 0) return fail_errno("connecting to {}", name);
  return {};
}

}  // namespace

Done try_to_connect(const std::filesystem::path& unix_socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = unix_socket.string();
  if (name.size() >= sizeof address.sun_path) return fail("the socket's path {} is too long", name);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  return connected(AF_UNIX, SOCK_NONBLOCK, reinterpret_cast<const sockaddr*>(&address), sizeof address, name);
}

Done try_to_connect(const Endpoint& loopback) {
  sockaddr_storage address{};
  const auto length = loopback.to_sockaddr(address);
  return connected(address.ss_family, 0, reinterpret_cast<const sockaddr*>(&address), length,
                   loopback.text());
}

}  // namespace sallyport
