// Runs in: sallyport-metrics.
#include "gateway/metrics/metrics_server.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http.hpp>
#include <tuple>

#include "base/check.h"
#include "gateway/metrics/exposition.h"

namespace sallyport {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using Response = http::response<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kRequestTime = 5s, kAnswerTime = 5s, kFarewellTime = 1s;
constexpr auto kPause = 100ms;  // where the kernel gives no more descriptors
constexpr std::size_t kLongestHead = 8 * 1024;
constexpr std::size_t kMostLeftOver = 64 * 1024;  // of a body that nobody wants

void no_exception(const std::exception_ptr& thrown) { our_bug(thrown != nullptr, "a coroutine has thrown"); }

Response refusal(http::status status, std::string sentence) {
  Response response{status, 11};
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = std::move(sentence) + "\n";
  return response;
}

// What was said is no request, or too long a one; not that nothing, or half of one, was said.
bool is_bad_request(const boost::system::error_code& error) {
  const auto of_http = http::make_error_code(http::error::end_of_stream);
  return error.category() == of_http.category() && error != http::error::end_of_stream &&
         error != http::error::partial_message;
}

template <class Request>
Response answer(const Request& request, const std::function<std::string()>& text) {
  if (request.method() != http::verb::get) {
    auto response = refusal(http::status::method_not_allowed, "only GET /metrics is answered");
    response.set(http::field::allow, "GET");
    return response;
  }
  const auto target = request.target();
  if (target != "/metrics" && !target.starts_with("/metrics?"))
    return refusal(http::status::not_found, "only GET /metrics is answered");
  Response response{http::status::ok, 11};
  response.set(http::field::content_type, kOpenMetricsType);
  response.set(http::field::cache_control, "no-store");
  response.body() = text();
  return response;
}

}  // namespace

void MetricsServer::start() { asio::co_spawn(io_, accept(), no_exception); }

asio::awaitable<void> MetricsServer::accept() {
  asio::posix::stream_descriptor listening{io_, listening_.release()};
  asio::steady_timer pause{io_};
  for (;;) {
    const auto [error] = co_await listening.async_wait(asio::posix::descriptor_base::wait_read, kAwait);
    if (error) break;
    UniqueFd socket{::accept4(listening.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (socket) {
      welcome(std::move(socket));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      pause.expires_after(kPause);
      co_await pause.async_wait(kAwait);
    }
  }
}

// Whoever comes now may be the one who is to be answered; whoever has been there longest has had time enough.
void MetricsServer::welcome(UniqueFd socket) {
  for (auto place = streams_.begin(); streams_.size() >= kMostConnections && place != streams_.end(); ++place)
    if (place->socket().is_open()) {
      place->close();
      break;
    }
  Stream& stream = streams_.emplace_back(io_);
  boost::system::error_code error;
  stream.socket().assign(asio::generic::stream_protocol{AF_UNSPEC, 0}, socket.get(), error);
  if (error) return streams_.pop_back();
  (void)socket.release();
  asio::co_spawn(io_, serve(std::prev(streams_.end())), no_exception);
}

asio::awaitable<void> MetricsServer::serve(Place place) {
  co_await converse(*place);
  streams_.erase(place);
}

asio::awaitable<void> MetricsServer::converse(Stream& stream) {
  boost::beast::flat_static_buffer<kLongestHead> buffer;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kLongestHead);
  stream.expires_after(kRequestTime);
  const auto [bad, size] = co_await http::async_read_header(stream, buffer, parser, kAwait);
  if (bad && !is_bad_request(bad)) co_return;
  auto response = bad ? refusal(http::status::bad_request, "this is not a request that is answered")
                      : answer(parser.get(), text_);
  response.keep_alive(false);
  response.prepare_payload();
  stream.expires_after(kAnswerTime);
  (void)co_await http::async_write(stream, response, kAwait);
  co_await hear_out(stream);
}

// What is left unread in the kernel would make close(2) a reset, and take the answer back.
asio::awaitable<void> MetricsServer::hear_out(Stream& stream) {
  boost::system::error_code over;
  stream.socket().shutdown(asio::socket_base::shutdown_send, over);
  stream.expires_after(kFarewellTime);
  std::array<char, 4096> piece{};
  for (std::size_t heard = 0, got = 0; !over && heard < kMostLeftOver; heard += got)
    std::tie(over, got) = co_await stream.async_read_some(asio::buffer(piece), kAwait);
}

}  // namespace sallyport
