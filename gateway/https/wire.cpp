// Runs in: sallyport-https.
#include "gateway/https/wire.h"

#include <openssl/bio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/handle.h"
#include "gateway/https/tls.h"

namespace sallyport {

namespace {

constexpr std::size_t kFirstRead = 4 * 1024, kLargestRead = 64 * 1024;
constexpr std::size_t kLargestRecord = SSL3_RT_MAX_ENCRYPTED_LENGTH + SSL3_RT_HEADER_LENGTH;
constexpr std::size_t kMostOutput = 64 * 1024 + kLargestRecord;
constexpr int kRetry = -1, kEnd = 0, kDone = 1;

using Method = std::unique_ptr<BIO_METHOD, FreeWith<BIO_meth_free>>;

}  // namespace

// The callbacks' way in. A BIO is OpenSSL's word for what it reads from and writes to.
struct WireMethod {
  static Wire& wire_of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
    BIO_clear_retry_flags(bio);
    const int result = wire_of(bio).read(into, size, *count);
    if (result == kRetry) BIO_set_retry_read(bio);
    return result;
  }
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
    BIO_clear_retry_flags(bio);
    const int result = wire_of(bio).write(from, size, *count);
    if (result == kRetry) BIO_set_retry_write(bio);
    return result;
  }
  static long control(BIO* bio, int what, long, void*) {
    if (what == BIO_CTRL_EOF) return wire_of(bio).ended_ ? 1 : 0;
    // What is written is sent by send(); OpenSSL's own flushes have nothing to do.
    return what == BIO_CTRL_FLUSH ? 1 : 0;
  }
  static Method make() {
    Method method{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire")};
    if (!method || BIO_meth_set_read_ex(method.get(), read) != 1 ||
        BIO_meth_set_write_ex(method.get(), write) != 1 || BIO_meth_set_ctrl(method.get(), control) != 1)
      return nullptr;
    return method;
  }
};

Done Wire::attach(SSL* tls) {
  static const Method kMethod = WireMethod::make();
  BIO* const bio = kMethod ? BIO_new(kMethod.get()) : nullptr;
  if (bio == nullptr) return fail("a TLS connection: {}", tls_error());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls, bio, bio);  // which owns it
  return {};
}

// A read that the kernel does not fill says that there is no more just now. One that it fills doubles the
// next.
bool Wire::fill() {
  if (dry_) return false;
  next_read_ = std::max(next_read_, kFirstRead);
  const auto room = input_.room(next_read_);
  const auto got = ::read(socket_, room.data(), room.size());
  dry_ = got < static_cast<ssize_t>(room.size());
  found_nothing_ = got < 0;
  ended_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  if (got <= 0) return false;
  input_.added(static_cast<std::size_t>(got));
  if (!dry_) next_read_ = std::min(room.size() * 2, kLargestRead);
  return true;
}

int Wire::read(char* into, std::size_t size, std::size_t& count) {
  if (input_.empty() && !fill()) return ended_ ? kEnd : kRetry;
  count = input_.bytes().copy(into, size);
  input_.taken(count);
  return kDone;
}

int Wire::write(const char* from, std::size_t size, std::size_t& count) {
  if (output_.size() >= kMostOutput) return kRetry;
  std::copy_n(from, size, output_.room(size).data());
  output_.added(size);
  count = size;
  return kDone;
}

bool Wire::has_room() const noexcept { return output_.size() + kLargestRecord <= kMostOutput; }

Wire::Sent Wire::send() {
  while (!output_.empty()) {
    const auto sent = ::send(socket_, output_.bytes().data(), output_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? Sent::some : Sent::broken;
    output_.taken(static_cast<std::size_t>(sent));
  }
  return Sent::all;
}

void Wire::release() noexcept {
  next_read_ = 0;
  if (input_.empty()) input_.release();
  if (output_.empty()) output_.release();
}

}  // namespace sallyport
