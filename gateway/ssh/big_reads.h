// Big reads for libssh: it takes 4 KiB from its socket at a time and polls before each, which is a third of
// what a relay costs. This program therefore has a recv() and a poll() of its own, and the dynamic linker
// gives libssh these instead of libc's: one system call takes up to 256 KiB, and what libssh did not ask for
// is handed to it by the next calls. Runs in: sallyport-ssh.
//
// The boundary: only sockets named here, only recv() without flags, and a send() that was held back; every
// other call goes to the kernel as it is. Order, EOF and errors are the kernel's: they are looked for only
// when nothing is kept. What is kept is what a reader who had asked for more would have got.
#pragma once

#include <cstddef>
#include <memory>

namespace sallyport {

// As long as it lives, `socket` is read in big pieces. At most two at once: the rep's leg and the target's.
class BigReads {
 public:
  explicit BigReads(int socket);
  BigReads(BigReads&& other) noexcept;
  BigReads& operator=(BigReads&& other) noexcept;
  ~BigReads();

  // Bytes that have left the kernel and that nobody has asked for yet.
  static std::size_t kept(int socket) noexcept;

 private:
  int socket_;
};

// While it lives, the next send() on `socket` takes nothing. libssh sends its first packet at once, then none
// before it has polled: so it keeps that one too, and all packets of one write go to the kernel together when
// it flushes.
class OneSend {
 public:
  explicit OneSend(int socket) noexcept;
  OneSend(const OneSend&) = delete;
  OneSend& operator=(const OneSend&) = delete;
  ~OneSend();

 private:
  int socket_;
};

}  // namespace sallyport
