// Runs in: sallyport-https.
#include "gateway/https/stream.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/https/moved_bytes.h"
#include "gateway/worker/confine.h"

namespace sallyport {

namespace {

constexpr std::chrono::seconds kLingering{2};
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
using Wait = asio::posix::stream_descriptor::wait_type;

}  // namespace

Task<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

Task<> for_ever() {
  const bool cancelled = co_await is_cancelled();
  if (cancelled) co_return;
  asio::steady_timer never{co_await asio::this_coro::executor, Moment::max()};
  (void)co_await never.async_wait(kAwait);
}

void Deadlines::cut_late(Moment now) {
  for (Stream* const stream : streams_)
    if (stream->deadline_ <= now || stream->is_too_slow(now)) stream->cut();
}

void Deadlines::cut_all() {
  for (Stream* const stream : streams_) stream->cut();
}

Stream::Stream(asio::io_context& io, Deadlines& deadlines, Tls tls)
    : deadlines_(deadlines), socket_(io), tls_(std::move(tls)) {
  deadlines_.streams_.insert(this);
}

Stream::~Stream() { deadlines_.streams_.erase(this); }

Result<std::unique_ptr<Stream>> Stream::over(asio::io_context& io, Deadlines& deadlines, UniqueFd socket,
                                             SSL_CTX& context) {
  Tls tls{SSL_new(&context)};
  if (!tls || SSL_set_fd(tls.get(), socket.get()) != 1) return fail("a TLS connection: {}", tls_error());
  RETURN_IF_ERROR(make_nonblocking(socket.get()));
  std::unique_ptr<Stream> stream{new Stream{io, deadlines, std::move(tls)}};
  boost::system::error_code error;
  stream->socket_.assign(socket.get(), error);
  if (error) return fail("watching a socket: {}", error.message());
  (void)socket.release();
  return stream;
}

void Stream::cut() {
  cut_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Stream::begin_pace() {
  deadline_ = Moment::max();
  paced_ = true;
  waited_ = {};
  pace_.begin();
}

void Stream::begin_waiting() {
  if (waiting_++ == 0) waiting_since_ = std::chrono::steady_clock::now();
}

void Stream::end_waiting() {
  if (--waiting_ == 0) waited_ += std::chrono::steady_clock::now() - waiting_since_;
}

bool Stream::is_too_slow(Moment now) {
  if (waiting_ != 0) waited_ += now - std::exchange(waiting_since_, now);
  const auto waited = std::chrono::duration_cast<Pace::Duration>(std::exchange(waited_, {}));
  if (!paced_ || waited <= Pace::Duration::zero()) return false;
  pace_.note(waited, bytes_moved_by_peer(socket_.native_handle()));
  return pace_.is_spent();
}

template <class Operation>
Task<Result<std::size_t>> Stream::drive(Operation operation) {
  for (;;) {
    if (cut_) co_return fail("cut");
    ERR_clear_error();
    std::size_t count = 0;
    const int result = operation(count);
    if (result > 0) co_return count;
    auto wait = Wait::wait_read;
    switch (SSL_get_error(tls_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        break;
      case SSL_ERROR_WANT_WRITE:
        wait = Wait::wait_write;
        break;
      case SSL_ERROR_ZERO_RETURN:
        co_return std::size_t{0};
      default:
        co_return fail("TLS: {}", tls_error());
    }
    const bool cancelled = co_await is_cancelled();
    if (cancelled) co_return fail("cut");
    const bool owed = paced_ && (owes_ || wait == Wait::wait_write);
    if (owed) begin_waiting();
    const auto [error] = co_await socket_.async_wait(wait, kAwait);
    if (owed) end_waiting();
    if (error) co_return fail("cut");
  }
}

Task<Done> Stream::accept() {
  const auto done = co_await drive([this](std::size_t& count) {
    count = 1;
    return SSL_accept(tls_.get());
  });
  if (!done) co_return tl::unexpected{done.error()};
  if (*done == 0) co_return fail("closed during the handshake");
  co_return Done{};
}

Task<Done> Stream::connect(std::string host) {
  if (!host.empty()) SSL_set_tlsext_host_name(tls_.get(), host.c_str());
  const auto done = co_await drive([this](std::size_t& count) {
    count = 1;
    return SSL_connect(tls_.get());
  });
  if (!done) co_return tl::unexpected{done.error()};
  if (*done == 0) co_return fail("closed during the handshake");
  co_return Done{};
}

Task<Result<std::size_t>> Stream::read_some(std::span<char> into) {
  const auto read = co_await drive(
      [this, into](std::size_t& count) { return SSL_read_ex(tls_.get(), into.data(), into.size(), &count); });
  co_return read;
}

Task<Done> Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = co_await drive([this, bytes](std::size_t& count) {
      return SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &count);
    });
    if (!written) co_return tl::unexpected{written.error()};
    if (*written == 0) co_return fail("the peer has closed");
    bytes.remove_prefix(*written);
  }
  co_return Done{};
}

Task<bool> Stream::wait_readable() {
  const bool cancelled = co_await is_cancelled();
  if (cut_ || cancelled) co_return false;
  if (SSL_has_pending(tls_.get()) == 1) co_return true;
  const auto [error] = co_await socket_.async_wait(Wait::wait_read, kAwait);
  co_return !error;
}

// The peer may still be sending: a socket that is closed with bytes unread resets the connection, and takes
// the last response from a peer that has not read it yet.
Task<> Stream::close() {
  if (cut_) co_return;
  ERR_clear_error();
  if (SSL_shutdown(tls_.get()) < 0) co_return;
  (void)::shutdown(socket_.native_handle(), SHUT_WR);
  expire_in(kLingering);
  std::array<char, 4096> rest{};
  for (bool more = true; more;) {
    const auto got = co_await read_some(rest);
    more = got && *got != 0;
  }
}

Task<bool> Stream::until_gone() {
  for (;;) {
    const bool ready = co_await wait_readable();
    if (!ready) co_return true;
    char next = 0;
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_peek_ex(tls_.get(), &next, 1, &count);
    if (result > 0) co_return false;
    // A message of TLS's own.
    if (SSL_get_error(tls_.get(), result) != SSL_ERROR_WANT_READ) co_return true;
  }
}

bool Stream::is_quiet() {
  char unasked = 0;
  std::size_t count = 0;
  ERR_clear_error();
  const int result = SSL_peek_ex(tls_.get(), &unasked, 1, &count);
  return result <= 0 && SSL_get_error(tls_.get(), result) == SSL_ERROR_WANT_READ && !cut_;
}

}  // namespace sallyport
