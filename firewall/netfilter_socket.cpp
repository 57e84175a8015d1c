// Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include "firewall/netfilter_socket.h"

#include <libnftnl/common.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <vector>

namespace sallyport {

namespace {

// The kernel's default send buffer takes this much in one datagram on every distribution.
constexpr std::size_t kDefaultSendBuffer = 64 * 1024;
// A dump's datagrams are at most 32 KiB (libmnl's recommendation is 8 KiB; the kernel uses what we offer).
constexpr std::size_t kDumpBuffer = 32 * 1024;

}  // namespace

Result<NetfilterSocket> NetfilterSocket::open() {
  MnlSocket socket{mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)};
  if (!socket) return fail_errno("opening a netfilter netlink socket (does this kernel have nftables?)");
  if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return fail_errno("binding a netlink socket");
  // Errors come back without a copy of the request: a large batch that fails must not overflow the queue.
  int on = 1;
  if (mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on) < 0)
    return fail_errno("setting NETLINK_CAP_ACK");
  return NetfilterSocket{std::move(socket)};
}

Done NetfilterSocket::send(std::span<const char> bytes) {
  const int fd = mnl_socket_get_fd(socket_.get());
  if (bytes.size() > kDefaultSendBuffer && bytes.size() > send_buffer_) {
    const int size = static_cast<int>(bytes.size() + 4096);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
      return fail_errno("making room for a batch of {} bytes", bytes.size());
    send_buffer_ = bytes.size();
  }
  ssize_t sent = 0;
  do sent = mnl_socket_sendto(socket_.get(), bytes.data(), bytes.size());
  while (sent < 0 && errno == EINTR);
  if (sent != static_cast<ssize_t>(bytes.size())) return fail_errno("sending to nftables");
  return {};
}

Result<std::size_t> NetfilterSocket::receive(std::span<char> buffer) {
  ssize_t length = 0;
  do length = ::recv(mnl_socket_get_fd(socket_.get()), buffer.data(), buffer.size(), MSG_DONTWAIT);
  while (length < 0 && errno == EINTR);
  if (length >= 0) return static_cast<std::size_t>(length);
  if (errno == EAGAIN) return std::size_t{0};
  return fail_errno("reading the answer of nftables");
}

Done NetfilterSocket::request(std::uint16_t type, std::uint16_t flags, const Build& build, const Read& read) {
  std::vector<char> buffer(kDumpBuffer);
  const auto sequence = take_sequence(1);
  auto* header = nftnl_nlmsg_build_hdr(buffer.data(), type, NFPROTO_INET, flags, sequence);
  if (build) build(header);
  RETURN_IF_ERROR(send({buffer.data(), header->nlmsg_len}));

  struct Reading {
    const Read& read;
    Done done;
  } reading{read, {}};
  const auto on_message = [](const nlmsghdr* message, void* data) {
    auto& state = *static_cast<Reading*>(data);
    state.done = state.read ? state.read(message) : Done{};
    return state.done ? MNL_CB_OK : MNL_CB_ERROR;
  };
  for (int state = MNL_CB_OK; state == MNL_CB_OK;) {
    const auto length = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail_errno("reading the answer of nftables");
    state = mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), sequence, port_id(), on_message,
                       &reading);
    if (!reading.done) return reading.done;
    if (state < 0) return fail_errno("reading from nftables");
  }
  return {};
}

Done NetfilterSocket::probe() {
  auto done = request(NFT_MSG_GETGEN, NLM_F_ACK, nullptr, nullptr);
  if (done) return done;
  const int code = done.error().code();
  if (code == EPERM) return fail("using nftables needs CAP_NET_ADMIN");
  if (code == EINVAL || code == EOPNOTSUPP) return fail("this kernel has no nftables (CONFIG_NF_TABLES)");
  return done;
}

}  // namespace sallyport
