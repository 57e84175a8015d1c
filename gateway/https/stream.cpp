// Runs in: sallyport-https.
#include "gateway/https/stream.h"

#include <malloc.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "gateway/https/moved_bytes.h"
#include "gateway/worker/confine.h"

namespace sallyport {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::chrono::seconds kLingering{2};
// Reads after which the others have their turn, when a peer is so quick that there is always something to
// read.
constexpr int kMostUnwaited = 4;
constexpr std::size_t kSmall = 16 * 1024;  // bytes that are not worth a wakeup of their own

// SSL_get_error() is right only if nothing from before was left.
template <class Operation, class... Arguments>
int ask_tls(Operation operation, Arguments... arguments) {
  if (ERR_peek_error() != 0) ERR_clear_error();
  return operation(arguments...);
}

}  // namespace

Task<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

Task<> for_ever() {
  const bool cancelled = co_await is_cancelled();
  if (cancelled) co_return;
  Timer never{co_await asio::this_coro::executor, Moment::max()};
  (void)co_await never.async_wait(kAwait);
}

void Streams::look_through(Moment now) {
  bool released = false;
  for (Stream* const stream : all_) released |= stream->second_passed(now);
  if (released) malloc_trim(0);  // holes between what stays
}

void Streams::cut_all() {
  for (Stream* const stream : all_) stream->cut();
}

void Streams::send_soon(Stream& stream) {
  if (std::exchange(stream.sends_soon_, true)) return;
  if (to_send_.empty()) asio::post(io_, [this] { send_all(); });
  to_send_.push_back(&stream);
}

// What the kernel does not take now goes with what is written next, or a second later.
void Streams::send_all() {
  for (Stream* const stream : std::exchange(to_send_, {})) {
    if (stream == nullptr) continue;
    stream->sends_soon_ = false;
    if (!stream->cut_) (void)stream->wire_.send();
  }
}

// Whether it has given memory back.
bool Stream::second_passed(Moment now) {
  if (works_for_ != nullptr && works_for_->has_gone()) in_vain_ = true;
  if (in_vain_ || deadline_ <= now || is_too_slow(now)) cut();
  if (!cut_) (void)wire_.send();
  if (std::exchange(in_use_, false) || is_slim_) return false;
  is_slim_ = true;
  wire_.release();
  // Not within a record: OpenSSL before 3.0.14 then gives away what it still needs (CVE-2024-4741).
  const bool between_records = SSL_has_pending(tls_.get()) == 0 && SSL_rstate_string(tls_.get()) == "RH"sv;
  return between_records && SSL_free_buffers(tls_.get()) == 1;
}

Stream::Stream(asio::io_context& io, Streams& streams, Tls tls, int socket)
    : streams_(streams), socket_(io), wire_(socket), tls_(std::move(tls)) {
  streams_.all_.insert(this);
}

Stream::~Stream() {
  streams_.all_.erase(this);
  if (sends_soon_) std::ranges::replace(streams_.to_send_, this, nullptr);
}

Result<std::unique_ptr<Stream>> Stream::over(asio::io_context& io, Streams& streams, UniqueFd socket,
                                             SSL_CTX& context) {
  Tls tls{SSL_new(&context)};
  if (!tls) return fail("a TLS connection: {}", tls_error());
  RETURN_IF_ERROR(make_nonblocking(socket.get()));
  std::unique_ptr<Stream> stream{new Stream{io, streams, std::move(tls), socket.get()}};
  RETURN_IF_ERROR(stream->wire_.attach(stream->tls()));
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

Task<bool> Stream::wait_for(Wait what) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (cut_ || state.cancelled() != asio::cancellation_type::none) co_return false;
  const bool owed = paced_ && (owes_ || what == Wait::wait_write);
  if (owed) begin_waiting();
  unwaited_ = 0;
  const auto [error] = co_await socket_.async_wait(what, kAwait);
  if (owed) end_waiting();
  wire_.look_again();
  co_return !error;
}

// ---- what TLS has written

Task<Done> Stream::send() {
  for (;;) {
    if (cut_) co_return fail("cut");
    const auto sent = wire_.send();
    if (sent == Wire::Sent::all) co_return Done{};
    if (sent == Wire::Sent::broken) co_return fail("the connection broke");
    const bool ready = co_await wait_for(Wait::wait_write);
    if (!ready) co_return fail("cut");
  }
}

Result<std::size_t> Stream::encrypt(std::string_view bytes) {
  std::size_t all = 0;
  while (all < bytes.size() && wire_.has_room()) {
    std::size_t count = 0;
    const int result = ask_tls(SSL_write_ex, tls_.get(), bytes.data() + all, bytes.size() - all, &count);
    if (result <= 0 && SSL_get_error(tls_.get(), result) == SSL_ERROR_WANT_WRITE) break;
    if (result <= 0) return fail("TLS: {}", tls_error());
    all += count;
  }
  return all;
}

Task<Done> Stream::write(std::string_view bytes) {
  is_used();
  const bool soon = bytes.size() <= kSmall && !wire_.has_output();
  while (!bytes.empty()) {
    if (cut_) co_return fail("cut");
    const auto taken = encrypt(bytes);
    if (!taken) co_return tl::unexpected{taken.error()};
    bytes.remove_prefix(*taken);
    if (soon) continue;
    if (wire_.send() == Wire::Sent::all) continue;
    auto sent = co_await send();
    if (!sent) co_return sent;
  }
  if (soon) streams_.send_soon(*this);
  co_return Done{};
}

// ---- what TLS reads

// A record after another, as long as nobody has to be waited for. What is wrong behind good ones is found
// again by the next call.
Result<Stream::Step> Stream::decrypt(std::span<char> into, std::size_t& all) {
  for (all = 0; all < into.size() && (all == 0 || wire_.has_input());) {
    std::size_t count = 0;
    const int result = ask_tls(SSL_read_ex, tls_.get(), into.data() + all, into.size() - all, &count);
    all += count;
    if (result > 0) continue;
    const int why = SSL_get_error(tls_.get(), result);
    if (all != 0 || why == SSL_ERROR_ZERO_RETURN) break;
    if (why == SSL_ERROR_WANT_READ) return Step::wait_read;
    if (why == SSL_ERROR_WANT_WRITE) return Step::wait_write;
    return fail("TLS: {}", tls_error());
  }
  return Step::done;
}

Task<Result<std::size_t>> Stream::read_some(std::span<char> into) {
  is_used();
  if (++unwaited_ > kMostUnwaited) {
    unwaited_ = 0;
    co_await asio::post(socket_.get_executor(), asio::use_awaitable_t<Executor>{});
  }
  for (;;) {
    if (cut_) co_return fail("cut");
    std::size_t count = 0;
    const auto step = decrypt(into, count);
    if (!step) co_return tl::unexpected{step.error()};
    // What TLS says by itself, such as the answer to a new key. It is not waited for, unless TLS does:
    // another may be writing more than the peer reads just now.
    const auto sent = wire_.send();
    if (*step == Step::done) co_return count;
    if (*step == Step::wait_write && sent == Wire::Sent::all) continue;
    const bool ready = co_await wait_for(*step == Step::wait_read ? Wait::wait_read : Wait::wait_write);
    if (!ready) co_return fail("cut");
  }
}

Task<bool> Stream::wait_readable() {
  if (!cut_ && (wire_.has_input() || SSL_has_pending(tls_.get()) == 1)) co_return true;
  const bool ready = co_await wait_for(Wait::wait_read);
  co_return ready;
}

// ---- beginning and end

template <class Operation>
Task<Done> Stream::shake_hands(Operation operation) {
  for (;;) {
    if (cut_) co_return fail("cut");
    const int result = ask_tls(operation, tls_.get());
    const int why = result > 0 ? SSL_ERROR_NONE : SSL_get_error(tls_.get(), result);
    const auto words = why == SSL_ERROR_SSL ? tls_error() : "closed during the handshake";
    // Also what tells the peer why there will be no connection.
    auto sent = co_await send();
    if (result > 0) co_return sent;
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) co_return fail("TLS: {}", words);
    if (!sent) co_return sent;
    if (why == SSL_ERROR_WANT_WRITE) continue;
    const bool ready = co_await wait_for(Wait::wait_read);
    if (!ready) co_return fail("cut");
  }
}

Task<Done> Stream::accept() {
  auto done = co_await shake_hands(SSL_accept);
  co_return done;
}

Task<Done> Stream::connect(std::string host) {
  if (!host.empty()) SSL_set_tlsext_host_name(tls_.get(), host.c_str());
  auto done = co_await shake_hands(SSL_connect);
  co_return done;
}

// The peer may still be sending: a socket that is closed with bytes unread resets the connection, and takes
// the last response from a peer that has not read it yet.
Task<> Stream::close() {
  if (cut_) co_return;
  const int said = ask_tls(SSL_shutdown, tls_.get());
  const auto sent = wire_.send();
  if (said < 0 || sent != Wire::Sent::all) co_return;
  (void)::shutdown(socket_.native_handle(), SHUT_WR);
  expire_in(kLingering);
  std::array<char, 4096> rest{};
  for (bool more = true; more;) {
    const auto got = co_await read_some(rest);
    more = got && *got != 0;
  }
}

Stream::Seen Stream::peek() {
  char next = 0;
  std::size_t count = 0;
  const int result = ask_tls(SSL_peek_ex, tls_.get(), &next, std::size_t{1}, &count);
  (void)wire_.send();  // what TLS has to say by itself; what does not go now goes with the next
  if (result > 0) return Seen::something;
  return SSL_get_error(tls_.get(), result) == SSL_ERROR_WANT_READ ? Seen::nothing : Seen::the_end;
}

Task<bool> Stream::until_gone() {
  for (;;) {
    const auto seen = peek();
    if (seen != Seen::nothing) co_return (seen == Seen::the_end);
    const bool ready = co_await wait_for(Wait::wait_read);
    if (!ready) co_return true;
  }
}

// Behind what TLS says by itself, such as a session's tickets, the end may be waiting: so once more, unless
// the kernel had nothing at all.
Stream::Seen Stream::look() {
  wire_.look_again();
  const auto seen = peek();
  if (seen != Seen::nothing || wire_.found_nothing()) return seen;
  wire_.look_again();
  return peek();
}

bool Stream::is_quiet() { return look() == Seen::nothing && !cut_; }

bool Stream::has_gone() { return cut_ || look() == Seen::the_end; }

}  // namespace sallyport
