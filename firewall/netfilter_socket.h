// NetfilterSocket: one netlink socket to nftables. Runs in: sallyportd (privileged).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "base/result.h"
#include "firewall/nft_handles.h"

namespace sallyport {

class NetfilterSocket {
 public:
  // Close-on-exec: a child that kept it would keep the live table alive after the monitor's death.
  static Result<NetfilterSocket> open();

  // One datagram, whole or not at all.
  Done send(std::span<const char> bytes);
  // One queued datagram, or 0 when none is queued: the kernel answers a batch before send() returns, so there
  // is never anything to wait for. Error ENOBUFS: the kernel had to drop an answer.
  Result<std::size_t> receive(std::span<char> buffer);

  // Sends one request and gives each message of the answer to `read`. Error EINTR: a dump changed while it
  // was being read; the socket may hold the rest of that answer and is of no more use.
  using Build = std::function<void(nlmsghdr*)>;
  using Read = std::function<Done(const nlmsghdr*)>;
  Done request(std::uint16_t type, std::uint16_t flags, const Build& build, const Read& read);
  // Is nftables there, and may we use it?
  Done probe();

  std::uint32_t port_id() const { return mnl_socket_get_portid(socket_.get()); }
  // Numbers for `count` messages; answers to older ones are recognised by them.
  std::uint32_t take_sequence(std::uint32_t count) { return std::exchange(sequence_, sequence_ + count); }

 private:
  explicit NetfilterSocket(MnlSocket socket) : socket_(std::move(socket)) {}

  MnlSocket socket_;
  std::uint32_t sequence_ = 1;
  std::size_t send_buffer_ = 0;  // bytes that SO_SNDBUF was raised to
};

}  // namespace sallyport
