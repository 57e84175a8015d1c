// Inbox: what has come over a connection and was not read yet, as messages. Holds no memory while nothing
// comes. Runs in: sallyport-https.
#pragma once

#include <string>

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
  // The next run of a body's data, in place until the next call; empty when the body is over.
  Task<http::Parsed<std::string_view>> read_body(http::BodyReader& reader);
  // All that is there of something that is no message; empty when the peer has ended.
  Task<http::Parsed<std::string_view>> read_raw();

  bool empty() const noexcept { return begin_ == bytes_.size(); }
  // Overwrites what was read: a form carries a password.
  void wipe_read();

 private:
  Task<http::Parsed<std::size_t>> fill(std::size_t room);
  std::string_view rest() const noexcept { return std::string_view{bytes_}.substr(begin_); }
  Stream& stream_;
  std::string bytes_;
  std::size_t begin_ = 0;
};

}  // namespace sallyport
