// Runs in: sallyport-ssh.
#include "gateway/ssh/flow.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sallyport {

namespace {

// libssh cuts a write into packets: with OpenSSH at the other end, which takes 32 KiB, of which libssh leaves
// 10 for headers, into these.
constexpr std::size_t kPacket = 32 * 1024 - 10;
// Whole packets. It also bounds what libssh may have to keep for a socket that takes nothing.
constexpr std::size_t kWriteAtOnce = 8 * kPacket;
constexpr std::size_t kReadAtOnce = 32 * 1024;

}  // namespace

std::size_t Flow::arrive(std::string_view bytes, const Witness& witness) {
  if (discarding_) {
    held_ = 0;
    return bytes.size();
  }
  const auto taken = std::min(bytes.size(), backlog_.room());
  if (taken > 0) keep(bytes.substr(0, taken), witness);
  held_ = bytes.size() - taken;
  return taken;
}

void Flow::edit_with(Editor editor) {
  editor_ = std::move(editor);
  const std::string waiting{backlog_.front(backlog_.size())};
  backlog_.clear();
  if (!waiting.empty()) keep(waiting, {});
}

void Flow::keep(std::string_view bytes, const Witness& witness) {
  if (witness) witness(bytes);
  const auto edited = editor_ ? editor_(bytes) : std::nullopt;
  backlog_.force(edited ? std::string_view{*edited} : bytes);
}

bool Flow::refill(ssh_channel source, const Witness& witness) {
  // Only into an empty backlog, and then all of it: reading makes libssh 0.10 open the window again however
  // much it still holds, so a read for each little room would let the source run away with our memory.
  if (held_ == 0 || !backlog_.empty()) return false;
  std::array<char, kReadAtOnce> bytes;
  // A read may look for packets first and so run callbacks in the middle of ours: libssh 0.10 when the
  // channel is empty, 0.11 always. arrive() then takes the front of libssh's buffer and sets held_ anew,
  // before the read gets what follows. So held_ is never kept across a read, and an empty channel is never
  // read.
  while (held_ > 0) {
    const auto most = static_cast<std::uint32_t>(std::min(bytes.size(), held_));
    const int got =
        ssh_channel_read_nonblocking(source, bytes.data(), most, stream_ == Stream::errors ? 1 : 0);
    if (got <= 0) {
      held_ = 0;
      return true;
    }
    const std::string_view read{bytes.data(), static_cast<std::size_t>(got)};
    held_ -= std::min(held_, read.size());
    if (discarding_) continue;
    keep(read, witness);
  }
  return true;
}

bool Flow::fill(int source) {
  bool moved = false;
  std::array<char, kReadAtOnce> bytes;
  while (has_room()) {
    const auto got = ::recv(source, bytes.data(), std::min(bytes.size(), backlog_.room()), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return moved;
    if (got > 0)
      backlog_.take({bytes.data(), static_cast<std::size_t>(got)});
    else
      end();
    moved = true;
  }
  return moved;
}

bool Flow::drain(Leg& sink, ssh_channel destination) {
  bool moved = false;
  while (!backlog_.empty() && sink.alive() && sink.flushed() && ssh_channel_window_size(destination) > 0) {
    // No more than the window: libssh would look for more of it, and so for packets, in the middle of the
    // write.
    const auto window = ssh_channel_window_size(destination);
    const auto next = backlog_.front(std::min<std::size_t>(kWriteAtOnce, window));
    const auto length = static_cast<std::uint32_t>(next.size());
    std::optional<OneSend> together;
    if (next.size() > kPacket) together.emplace(sink.fd());
    const int written = stream_ == Stream::data ? ssh_channel_write(destination, next.data(), length)
                                                : ssh_channel_write_stderr(destination, next.data(), length);
    if (written < 0) {
      discard();  // the channel is closed for writing
      return true;
    }
    if (written == 0) return moved;  // a key exchange is going on
    // Short writes are the rule; the rest waits.
    backlog_.drop(static_cast<std::size_t>(written));
    passed_ += static_cast<std::uint64_t>(written);
    moved = true;
  }
  return moved;
}

bool Flow::drain(int destination) {
  bool moved = false;
  while (has_bytes()) {
    const auto next = backlog_.front(kWriteAtOnce);
    const auto written = ::send(destination, next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return moved;
    moved = true;
    if (written < 0) {
      discard();  // nobody reads there any more
      end();
      return moved;
    }
    backlog_.drop(static_cast<std::size_t>(written));
    passed_ += static_cast<std::uint64_t>(written);
  }
  return moved;
}

void Flow::discard() {
  backlog_.clear();
  discarding_ = true;
}

}  // namespace sallyport
