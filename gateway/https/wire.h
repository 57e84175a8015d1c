// Wire: a socket as OpenSSL sees it: read in large pieces, and written when it is told to, so that all
// records of a body's piece go to the kernel together. OpenSSL by itself makes two system calls for each
// record that it reads and one for each that it writes. Runs in: sallyport-https.
#pragma once

#include <openssl/ssl.h>

#include "base/result.h"
#include "gateway/https/byte_queue.h"

namespace sallyport {

class Wire {
 public:
  // `socket` does not block; it is another's to close.
  explicit Wire(int socket) noexcept : socket_(socket) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // `tls` reads and writes here from now on, and does not outlive this.
  Done attach(SSL* tls);

  // What the kernel has given and OpenSSL has not asked for yet.
  bool has_input() const noexcept { return !input_.empty(); }
  // Once the kernel has had no more it is not asked again before this: who waits for a socket knows when to.
  void look_again() noexcept { dry_ = false; }
  // Whether the kernel had not a byte when it was asked last.
  bool found_nothing() const noexcept { return found_nothing_; }

  enum class Sent : std::uint8_t { all, some, broken };
  // Hands what OpenSSL has written to the kernel, as far as that takes it.
  Sent send();
  bool has_output() const noexcept { return !output_.empty(); }
  // For another record of the largest size. Without it OpenSSL is told to try later: what a peer makes TLS
  // say by itself, and does not read, has an end.
  bool has_room() const noexcept;

  // Nothing is on the way just now, and nothing is expected.
  void release() noexcept;

 private:
  friend struct WireMethod;
  int read(char* into, std::size_t size, std::size_t& count);
  int write(const char* from, std::size_t size, std::size_t& count);
  bool fill();

  int socket_;
  ByteQueue input_, output_;
  std::size_t next_read_ = 0;  // bytes; more where much comes
  bool dry_ = false, found_nothing_ = false, ended_ = false;
};

}  // namespace sallyport
