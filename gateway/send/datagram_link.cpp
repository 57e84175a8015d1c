// Runs in: sallyport-send.
#include "gateway/send/datagram_link.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace sallyport {

namespace {

using namespace std::chrono_literals;
constexpr auto kLookAgain = 5ms;
// A record has 128 KiB at most; this holds it with what is put in front, where net.core.wmem_max lets it.
constexpr int kSendBuffer = 512 * 1024;

}  // namespace

Result<DatagramLink::Identity> DatagramLink::identity_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("looking at {}", path.string());
  return Identity{status.st_dev, status.st_ino, status.st_ctim};
}

Result<UniqueFd> DatagramLink::connect_to(const std::filesystem::path& path) {
  UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) return fail_errno("making a socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("connecting to {}", path.string());
  return socket;
}

Result<std::unique_ptr<Link>> DatagramLink::open(const Destination& destination, Form form, Waiter& waiter) {
  // Its identity first: a socket that takes its place between the two is then another one to finish().
  ASSIGN_OR_RETURN(const auto identity, identity_of(destination.socket));
  ASSIGN_OR_RETURN(auto socket, connect_to(destination.socket));
  return std::unique_ptr<Link>{
      new DatagramLink{std::move(socket), identity, destination, std::move(form), waiter}};
}

Result<bool> DatagramLink::put(const std::string& datagram) {
  const auto deadline = Waiter::in(patience_);
  for (;;) {
    if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) return true;
    if (errno == EMSGSIZE) return false;
    if (errno == EINTR) continue;
    const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
    if (!full) return fail_errno("sending to {}", path_.string());
    // The kernel says when a queue has room, not when it has memory again.
    if (errno == EAGAIN)
      RETURN_IF_ERROR(waiter_.wait_for(socket_.get(), POLLOUT, patience_));
    else
      waiter_.pause(kLookAgain);
    if (std::chrono::steady_clock::now() > deadline)
      return fail("{} took nothing for {} s", path_.string(), patience_.count() / 1000);
  }
}

Done DatagramLink::send(const std::vector<Report>& reports) {
  for (const auto& report : reports) {
    ASSIGN_OR_RETURN(const bool whole, put(form_.whole(report)));
    if (whole) continue;
    ASSIGN_OR_RETURN(const bool shorter, put(form_.without_text(report)));
    if (!shorter) return fail("{} takes no message of this size", path_.string());
  }
  return {};
}

Done DatagramLink::finish() {
  const auto deadline = Waiter::in(patience_);
  for (int unread = 1;;) {
    if (::ioctl(socket_.get(), SIOCOUTQ, &unread) != 0) return fail_errno("asking for what is unread");
    if (unread == 0) break;
    if (std::chrono::steady_clock::now() > deadline)
      return fail("{} read nothing for {} s", path_.string(), patience_.count() / 1000);
    waiter_.pause(kLookAgain);
  }
  ASSIGN_OR_RETURN(const auto now, identity_of(path_));
  const bool same = now.device == identity_.device && now.inode == identity_.inode &&
                    now.changed.tv_sec == identity_.changed.tv_sec &&
                    now.changed.tv_nsec == identity_.changed.tv_nsec;
  if (!same) return fail("{} was made anew by its receiver", path_.string());
  RETURN_IF_ERROR(connect_to(path_));
  return {};
}

}  // namespace sallyport
