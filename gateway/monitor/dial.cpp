// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace sallyport {

namespace {

constexpr std::chrono::seconds kPerAddress{3};

}  // namespace

Dial::Dial(Loop& loop, std::vector<Endpoint> endpoints, OnDone on_done)
    : loop_(&loop), endpoints_(std::move(endpoints)), on_done_(std::move(on_done)) {
  // From the loop, so that the caller has stored us before the answer comes.
  timer_ = Timer::once(loop, std::chrono::milliseconds{0}, [this] { try_next(); });
}

void Dial::try_next() {
  watch_ = {};
  if (next_ == endpoints_.size()) {
    auto done = std::move(on_done_);
    return done(fail("{}", tried_));  // may destroy us
  }
  sockaddr_storage address{};
  const auto length = endpoints_[next_].to_sockaddr(address);
  socket_.reset(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!socket_) return failed(errno);
  const int on = 1;
  (void)setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int result = connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), length);
  if (result != 0 && errno != EINPROGRESS) return failed(errno);
  watch_ = Watch{*loop_, socket_.get(), Watch::For::writing, [this] { on_writable(); }};
  timer_ = Timer::once(*loop_, kPerAddress, [this] { failed(ETIMEDOUT); });
}

void Dial::on_writable() {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return failed(error);
  watch_ = {};
  timer_ = {};
  auto done = std::move(on_done_);
  done(Connected{std::move(socket_), endpoints_[next_]});  // may destroy us
}

void Dial::failed(int code) {
  const Error error{endpoints_[next_].text(), code};
  tried_ += (tried_.empty() ? "" : "; ") + error.message();
  ++next_;
  watch_ = {};
  socket_.reset();
  timer_ = Timer::once(*loop_, std::chrono::milliseconds{0}, [this] { try_next(); });
}

}  // namespace sallyport
