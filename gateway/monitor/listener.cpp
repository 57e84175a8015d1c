// Runs in: sallyportd (privileged). Accepts; never reads a peer's bytes.
#include "gateway/monitor/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "base/log.h"

namespace sallyport {

namespace {

constexpr int kBacklog = 64;
constexpr int kAcceptsATurn = 16;  // then the loop serves others

// Also while its family is switched off.
tl::unexpected<Error> not_ours(const Endpoint& endpoint) {
  return fail(
      "{} is no address of this host now (fix: give it to an interface, or take it out of addresses in "
      "sallyport.toml)",
      endpoint.address.text());
}

Result<UniqueFd> listening_socket(const Endpoint& endpoint) {
  sockaddr_storage address{};
  const auto length = endpoint.to_sockaddr(address);
  UniqueFd socket{::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)};
  if (!socket && errno == EAFNOSUPPORT) return not_ours(endpoint);
  if (!socket) return fail_errno("making a socket for {}", endpoint.text());
  const int on = 1;
  (void)setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.address.family() == Family::ipv6)
    (void)setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) {
    if (errno == EADDRNOTAVAIL) return not_ours(endpoint);
    return fail_errno(
        "listening on {} (does another program, such as the host's own sshd, use it? sallyport doctor tells)",
        endpoint.text());
  }
  if (::listen(socket.get(), kBacklog) != 0) return fail_errno("listening on {}", endpoint.text());
  return socket;
}

}  // namespace

Result<Listener::Door> Listener::open(const Endpoint& endpoint) {
  for (auto& door : doors_)
    if (door.endpoint == endpoint) return std::move(door);
  ASSIGN_OR_RETURN(auto socket, listening_socket(endpoint));
  const int fd = socket.get();
  return Door{endpoint, std::move(socket),
              Watch{*loop_, fd, Watch::For::reading, [this, fd, endpoint] { accept_some(fd, endpoint); }}};
}

Done Listener::listen(const std::vector<Endpoint>& endpoints) {
  if (listening() == endpoints) return {};
  std::vector<Door> doors;
  for (const auto& endpoint : endpoints) {
    auto door = open(endpoint);
    if (!door) {
      close();
      return tl::unexpected{door.error()};
    }
    doors.push_back(*std::move(door));
  }
  doors_ = std::move(doors);
  return {};
}

std::vector<Endpoint> Listener::listening() const {
  std::vector<Endpoint> endpoints;
  for (const auto& door : doors_) endpoints.push_back(door.endpoint);
  return endpoints;
}

bool Listener::is_open(int socket) const {
  return std::ranges::any_of(doors_, [socket](const Door& door) { return door.socket.get() == socket; });
}

void Listener::accept_some(int socket, Endpoint at) {  // a copy: the callback may destroy the watch
  for (int i = 0; i < kAcceptsATurn; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    UniqueFd connection{
        accept4(socket, reinterpret_cast<sockaddr*>(&address), &length, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!connection) {
      if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
        log_warning("accepting a connection: errno {}", errno);
      return;
    }
    const int on = 1;
    (void)setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto peer = Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&address), length);
    if (!peer) continue;
    on_connection_(std::move(connection), *peer, at);
    if (!is_open(socket)) return;  // the callback closed it
  }
}

}  // namespace sallyport
