// Channel: one end of a SOCK_SEQPACKET pair: whole messages, at most one descriptor with each.
// Runs in: sallyportd, sallyport-auth, the workers.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/unique_fd.h"

namespace sallyport {

struct Frame {
  Secret bytes;  // passwords travel here, so every frame is wiped
  UniqueFd descriptor;
};

// sendmsg(2) of `bytes` with one descriptor, borrowed, or none (-1): what was sent, or -1 and errno; through
// EINTR.
ssize_t send_with_descriptor(int socket, std::string_view bytes, int descriptor);

class Channel {
 public:
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
  // A connected pair, close-on-exec.
  static Result<std::pair<Channel, Channel>> make_pair();

  // Sends one message whole; `descriptor` is borrowed. An error with code EAGAIN: the peer does not read.
  Done send(const Secret& bytes, int descriptor = -1) const;
  // One message. Error with code 0 and "closed" when the peer is gone, EAGAIN when there is none yet.
  // A message over the limit or with more than one descriptor is an error, its descriptors closed.
  Result<Frame> receive() const;
  // Waits for one until `timeout_ms` has passed (-1: for ever).
  Result<Frame> receive_within(int timeout_ms) const;

  int fd() const noexcept { return socket_.get(); }
  UniqueFd take() && { return std::move(socket_); }

 private:
  UniqueFd socket_;
};

}  // namespace sallyport
