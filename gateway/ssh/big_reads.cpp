// Runs in: sallyport-ssh.
#include "gateway/ssh/big_reads.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"

namespace sallyport {

namespace {

constexpr std::size_t kKept = 252 * 1024;

struct Reader {
  int socket = -1;
  std::size_t begin = 0, end = 0;
  std::unique_ptr<char[]> bytes;  // of kKept; its pages are touched only when something is kept
  bool holds_back = false;        // the next send()

  std::size_t kept() const noexcept { return end - begin; }
  std::size_t take(std::span<char> into) noexcept {
    const auto length = std::min(into.size(), kept());
    std::memcpy(into.data(), bytes.get() + begin, length);
    begin += length;
    return length;
  }
};

// recv() has no place for an object of ours; a worker has one thread and these two legs.
std::array<Reader, 2> readers;

Reader* reader_of(int socket) noexcept {
  for (auto& reader : readers)
    if (reader.socket == socket && socket >= 0) return &reader;
  return nullptr;
}

// Into the caller's place first, so that a packet of a keystroke is not copied again.
ssize_t read_much(Reader& reader, std::span<char> into) {
  reader.begin = reader.end = 0;
  std::array<iovec, 2> places{iovec{into.data(), into.size()}, iovec{reader.bytes.get(), kKept}};
  msghdr message{};
  message.msg_iov = places.data();
  message.msg_iovlen = places.size();
  const auto got = ::recvmsg(reader.socket, &message, 0);
  if (got <= static_cast<ssize_t>(into.size())) return got;
  reader.end = static_cast<std::size_t>(got) - into.size();
  return static_cast<ssize_t>(into.size());
}

bool is_ready(const pollfd& one) noexcept { return (one.events & POLLIN) != 0 && BigReads::kept(one.fd) > 0; }

// libssh goes on asking whether it may write for as long as there is something to read, with nothing to
// write. It hears that when nothing is kept any more, so after at most kKept bytes; who asks for that alone,
// at once.
bool asks_the_kernel(const pollfd& one) noexcept { return one.fd >= 0 && !is_ready(one); }

// As poll(2). With something kept nobody has to wait, and who asks of such sockets alone needs no system
// call.
int poll_kept(std::span<pollfd> all, int timeout) {
  const bool ready = std::any_of(all.begin(), all.end(), is_ready);
  if (ready && std::none_of(all.begin(), all.end(), asks_the_kernel)) {
    for (auto& one : all) one.revents = one.fd < 0 ? short{0} : short{POLLIN};
    return static_cast<int>(std::count_if(all.begin(), all.end(), is_ready));
  }
  const timespec limit = ready ? timespec{} : timespec{timeout / 1000, (timeout % 1000) * 1'000'000L};
  const int found = ::ppoll(all.data(), all.size(), timeout < 0 && !ready ? nullptr : &limit, nullptr);
  if (found < 0 || !ready) return found;
  for (auto& one : all)
    if (is_ready(one)) one.revents = static_cast<short>(one.revents | POLLIN);
  return static_cast<int>(
      std::count_if(all.begin(), all.end(), [](const pollfd& one) { return one.revents != 0; }));
}

}  // namespace

BigReads::BigReads(int socket) : socket_(socket) {
  auto* const free =
      std::find_if(readers.begin(), readers.end(), [](const Reader& one) { return one.socket < 0; });
  our_bug(free == readers.end() || reader_of(socket) != nullptr, "a third leg, or one leg twice");
  *free = {socket, 0, 0, std::unique_ptr<char[]>{new char[kKept]}, false};
}

BigReads::BigReads(BigReads&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

BigReads& BigReads::operator=(BigReads&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

BigReads::~BigReads() {
  if (auto* const reader = reader_of(socket_)) *reader = {};
}

std::size_t BigReads::kept(int socket) noexcept {
  const auto* const reader = reader_of(socket);
  return reader == nullptr ? 0 : reader->kept();
}

OneSend::OneSend(int socket) noexcept : socket_(socket) {
  if (auto* const reader = reader_of(socket_)) reader->holds_back = true;
}

OneSend::~OneSend() {
  if (auto* const reader = reader_of(socket_)) reader->holds_back = false;
}

}  // namespace sallyport

// The names that libssh calls. Declared under others, because the fortified headers have inline functions of
// these names.
extern "C" {
ssize_t sallyport_recv(int socket, void* into, std::size_t length, int flags) asm("recv");
ssize_t sallyport_send(int socket, const void* from, std::size_t length, int flags) asm("send");
int sallyport_poll(pollfd* all, nfds_t count, int timeout) asm("poll");

ssize_t sallyport_recv(int socket, void* into, std::size_t length, int flags) {
  auto* const reader = flags == 0 ? sallyport::reader_of(socket) : nullptr;
  if (reader == nullptr) return ::recvfrom(socket, into, length, flags, nullptr, nullptr);
  const std::span place{static_cast<char*>(into), length};
  if (reader->kept() > 0) return static_cast<ssize_t>(reader->take(place));
  return sallyport::read_much(*reader, place);
}

ssize_t sallyport_send(int socket, const void* from, std::size_t length, int flags) {
  auto* const reader = sallyport::reader_of(socket);
  if (reader != nullptr && std::exchange(reader->holds_back, false)) return 0;
  return ::sendto(socket, from, length, flags, nullptr, 0);
}

int sallyport_poll(pollfd* all, nfds_t count, int timeout) {
  return sallyport::poll_kept({all, count}, timeout);
}
}
