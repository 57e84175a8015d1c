// Runs in: sallyport-send.
#include "gateway/send/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/handle.h"

namespace sallyport {

namespace {

using Addresses = std::unique_ptr<addrinfo, FreeWith<freeaddrinfo>>;

Result<Addresses> look_up(const std::string& host, Port port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  // It blocks, and for a while if no name server answers; nobody but this destination waits.
  const int code = getaddrinfo(host.c_str(), std::to_string(port.value()).c_str(), &hints, &found);
  if (code != 0) return fail("looking up {}: {}", host, gai_strerror(code));
  return Addresses{found};
}

Result<UniqueFd> connect_to(const addrinfo& address, std::chrono::milliseconds patience, Waiter& waiter) {
  UniqueFd socket{::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) return fail_errno("making a socket");
  // A receiver whose machine is gone does not acknowledge.
  const auto timeout = static_cast<unsigned>(patience.count());
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
  const int one = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return fail_errno("connecting");
  if (auto waited = waiter.wait_for(socket.get(), POLLOUT, patience); !waited)
    return tl::unexpected{waited.error().within("connecting")};
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return fail_errno("connecting");
  if (error != 0) return tl::unexpected{Error{"connecting", error}};
  return socket;
}

}  // namespace

Result<UniqueFd> dial(const Destination& destination, Waiter& waiter) {
  ASSIGN_OR_RETURN(const auto addresses, look_up(destination.host, destination.port));
  Result<UniqueFd> socket = fail("{} has no address", destination.host);
  for (const auto* address = addresses.get(); address != nullptr && !socket; address = address->ai_next)
    socket = connect_to(*address, destination.patience, waiter);
  return socket;
}

}  // namespace sallyport
