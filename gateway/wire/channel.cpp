// Runs in: sallyportd, sallyport-auth, the workers.
#include "gateway/wire/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "gateway/wire/message.h"

namespace sallyport {

Result<std::pair<Channel, Channel>> Channel::make_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("making a socket pair");
  return std::pair{Channel{UniqueFd{ends[0]}}, Channel{UniqueFd{ends[1]}}};
}

ssize_t send_with_descriptor(int socket, std::string_view bytes, int descriptor) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const ancillary = CMSG_FIRSTHDR(&header);
    ancillary->cmsg_level = SOL_SOCKET;
    ancillary->cmsg_type = SCM_RIGHTS;
    ancillary->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(ancillary), &descriptor, sizeof descriptor);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

Done Channel::send(const Secret& bytes, int descriptor) const {
  if (send_with_descriptor(socket_.get(), bytes.reveal(), descriptor) < 0)
    return fail_errno("sending a message");
  return {};
}

namespace {

// The one descriptor of a message; more than one are all closed.
Result<UniqueFd> take_descriptor(msghdr& header) {
  UniqueFd taken;
  std::size_t count = 0;
  for (cmsghdr* ancillary = CMSG_FIRSTHDR(&header); ancillary != nullptr;
       ancillary = CMSG_NXTHDR(&header, ancillary)) {
    if (ancillary->cmsg_level != SOL_SOCKET || ancillary->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t here = (ancillary->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < here; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(ancillary) + i * sizeof(int), sizeof fd);
      taken.reset(fd);
      ++count;
    }
  }
  if (count > 1 || (header.msg_flags & MSG_CTRUNC) != 0)
    return fail("message carries more than one descriptor");
  return taken;
}

}  // namespace

Result<Frame> Channel::receive() const {
  std::string body(kMessageLimit, '\0');
  iovec part{body.data(), body.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)]{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got;
  do got = recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("receiving a message");
  if (got == 0) return fail("closed");  // a sender of empty messages is as good as gone
  auto descriptor = take_descriptor(header);
  body.resize(static_cast<std::size_t>(got));
  Frame frame{Secret::taking(std::move(body)), {}};
  if (!descriptor) return tl::unexpected{descriptor.error()};
  if ((header.msg_flags & MSG_TRUNC) != 0) return fail("message is longer than {} bytes", kMessageLimit);
  frame.descriptor = *std::move(descriptor);
  return frame;
}

Result<Frame> Channel::receive_within(int timeout_ms) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  int ready;
  do ready = poll(&waiting, 1, timeout_ms);
  while (ready < 0 && errno == EINTR);
  if (ready < 0) return fail_errno("waiting for a message");
  if (ready == 0) return tl::unexpected{Error{"waiting for a message", ETIMEDOUT}};
  return receive();
}

}  // namespace sallyport
