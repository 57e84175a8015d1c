// Inbox: what has come over a connection and was not read yet, as messages. Holds no more than a page while
// nothing comes. Runs in: sallyport-https.
#pragma once

#include <string>

#include "gateway/https/byte_queue.h"
#include "gateway/https/http/body_reader.h"
#include "gateway/https/http/head_finder.h"
#include "gateway/https/stream.h"

namespace sallyport {

// The status of a Fault when there is nobody to answer: the peer is gone, or is cut.
inline constexpr int kGone = 0;

class Inbox {
 public:
  explicit Inbox(Stream& stream) : stream_(stream) {}

  // Waits for the first byte of a message; false when the peer has gone instead.
  Task<bool> wait();
  // A whole head with its empty line.
  Task<http::Parsed<std::string>> read_head(const http::HeadLimits& limits);
  // What has come of a body, as far as read_body() would give it without waiting; empty when nothing has.
  http::Parsed<std::string_view> take_body(http::BodyReader& reader);
  // The next run of a body's data, in place until the next call; empty when the body is over.
  Task<http::Parsed<std::string_view>> read_body(http::BodyReader& reader);
  // All that is there of something that is no message; empty when the peer has ended.
  Task<http::Parsed<std::string_view>> read_raw();

  bool empty() const noexcept { return bytes_.empty(); }
  // Overwrites what was read: a form carries a password.
  void wipe_read() noexcept { bytes_.wipe_taken(); }

 private:
  Task<http::Parsed<std::size_t>> fill(std::size_t room);
  Stream& stream_;
  ByteQueue bytes_;
};

}  // namespace sallyport
