// Runs in: sallyportd (privileged). Reads the kernel's answers only.
#include "firewall/netfilter_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <vector>

namespace sallyport {

namespace {

// The kernel's default send buffer takes this much in one datagram on every distribution.
constexpr std::size_t kDefaultSendBuffer = 64 * 1024;
// A dump's datagrams are at most 32 KiB (libmnl's recommendation is 8 KiB; the kernel uses what we offer).
constexpr std::size_t kDumpBuffer = 32 * 1024;
constexpr int kDumpTries = 20;

// Feeds the messages of an answer to a reader, and keeps the reader's error.
class Feeding {
 public:
  Feeding(const NetfilterSocket& socket, std::uint32_t sequence, const NetfilterSocket::Read& read)
      : socket_(socket), sequence_(sequence), read_(read) {}

  // MNL_CB_OK: more is to come.
  Result<int> take(std::span<const char> bytes) {
    const int state = mnl_cb_run(bytes.data(), bytes.size(), sequence_, socket_.port_id(), on_message, this);
    if (!done_) return tl::unexpected{done_.error()};
    if (state < 0) return fail_errno("reading from the kernel's packet filter");
    return state;
  }

 private:
  static int on_message(const nlmsghdr* message, void* data) {
    auto& self = *static_cast<Feeding*>(data);
    self.done_ = self.read_ ? self.read_(message) : Done{};
    return self.done_ ? MNL_CB_OK : MNL_CB_ERROR;
  }

  const NetfilterSocket& socket_;
  std::uint32_t sequence_;
  const NetfilterSocket::Read& read_;
  Done done_;
};

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

Result<std::uint32_t> NetfilterSocket::send_call(const Call& call, const Build& build) {
  alignas(nlmsghdr) std::array<char, 4096> buffer{};
  const auto sequence = take_sequence(1);
  auto* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = static_cast<std::uint16_t>(call.subsystem << 8 | call.type);
  header->nlmsg_flags = NLM_F_REQUEST | call.flags;
  header->nlmsg_seq = sequence;
  auto* family = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  family->nfgen_family = call.family;
  family->version = NFNETLINK_V0;
  if (build) build(header);
  RETURN_IF_ERROR(send({buffer.data(), header->nlmsg_len}));
  return sequence;
}

Done NetfilterSocket::request(const Call& call, const Build& build, const Read& read) {
  ASSIGN_OR_RETURN(const auto sequence, send_call(call, build));
  Feeding feeding{*this, sequence, read};
  std::vector<char> buffer(kDumpBuffer);
  for (int state = MNL_CB_OK; state == MNL_CB_OK;) {
    const auto length = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail_errno("reading the answer of the kernel's packet filter");
    ASSIGN_OR_RETURN(state, feeding.take({buffer.data(), static_cast<std::size_t>(length)}));
  }
  return {};
}

Done NetfilterSocket::ask(Call call, const Build& build, const Read& read) {
  call.flags |= NLM_F_ACK;  // the end of the answer
  ASSIGN_OR_RETURN(const auto sequence, send_call(call, build));
  Feeding feeding{*this, sequence, read};
  alignas(nlmsghdr) std::array<char, 8192> buffer;
  for (int state = MNL_CB_OK; state == MNL_CB_OK;) {
    ASSIGN_OR_RETURN(const auto length, receive(buffer));
    if (length == 0)
      return tl::unexpected{Error{"the answer of the kernel's packet filter was lost", ENODATA}};
    const auto* first = reinterpret_cast<const nlmsghdr*>(buffer.data());
    if (first->nlmsg_seq != sequence) continue;  // a late answer to an older request
    ASSIGN_OR_RETURN(state, feeding.take({buffer.data(), length}));
  }
  return {};
}

Done dump(std::optional<NetfilterSocket>& socket, NetfilterSocket::Call call,
          const NetfilterSocket::Build& build, const NetfilterSocket::Read& read,
          const std::function<void()>& restart) {
  call.flags |= NLM_F_DUMP;
  for (int tries = 1;; ++tries) {
    if (!socket) {
      ASSIGN_OR_RETURN(socket, NetfilterSocket::open());
    }
    restart();
    auto done = socket->request(call, build, read);
    if (done) return done;
    socket.reset();
    if (done.error().code() != EINTR || tries == kDumpTries) return done;
  }
}

Done NetfilterSocket::probe() {
  auto done = request({NFT_MSG_GETGEN, NLM_F_ACK}, nullptr, nullptr);
  if (done) return done;
  const int code = done.error().code();
  if (code == EPERM) return fail("using nftables needs CAP_NET_ADMIN");
  if (code == EINVAL || code == EOPNOTSUPP) return fail("this kernel has no nftables (CONFIG_NF_TABLES)");
  return done;
}

}  // namespace sallyport
