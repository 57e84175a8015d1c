// NetfilterSocket: one netlink socket to nftables or to connection tracking. Runs in: sallyportd
// (privileged).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

  struct Call {
    std::uint16_t type = 0;
    std::uint16_t flags = 0;
    std::uint16_t subsystem = NFNL_SUBSYS_NFTABLES;
    std::uint8_t family = NFPROTO_INET;
  };
  // Sends one request and gives each message of the answer to `read`. Error EINTR: a dump changed while it
  // was being read; the socket may hold the rest of that answer and is of no more use.
  using Build = std::function<void(nlmsghdr*)>;
  using Read = std::function<Done(const nlmsghdr*)>;
  Done request(const Call& call, const Build& build, const Read& read);
  // As request, for what is no dump. Never waits: an answer that is not there was lost (error ENODATA).
  Done ask(Call call, const Build& build, const Read& read);
  // Is nftables there, and may we use it?
  Done probe();

  std::uint32_t port_id() const { return mnl_socket_get_portid(socket_.get()); }
  // Numbers for `count` messages; answers to older ones are recognised by them.
  std::uint32_t take_sequence(std::uint32_t count) { return std::exchange(sequence_, sequence_ + count); }

 private:
  explicit NetfilterSocket(MnlSocket socket) : socket_(std::move(socket)) {}
  Result<std::uint32_t> send_call(const Call& call, const Build& build);

  MnlSocket socket_;
  std::uint32_t sequence_ = 1;
  std::size_t send_buffer_ = 0;  // bytes that SO_SNDBUF was raised to
};

// A dump, on `socket`, which is opened if need be. One that changed while it was being read is started again
// after `restart`, on a new socket: the old one may still hold the rest of the spoilt answer.
Done dump(std::optional<NetfilterSocket>& socket, NetfilterSocket::Call call,
          const NetfilterSocket::Build& build, const NetfilterSocket::Read& read,
          const std::function<void()>& restart);

}  // namespace sallyport
