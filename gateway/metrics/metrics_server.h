// MetricsServer: GET /metrics by HTTP/1.1 and nothing else, for a few at a time. Who is slow, says too much
// or asks for something else is sent off; when all places are taken the oldest goes. Runs in:
// sallyport-metrics.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <functional>
#include <list>
#include <string>

#include "base/unique_fd.h"

namespace sallyport {

class MetricsServer {
 public:
  static constexpr std::size_t kMostConnections = 16;

  // `listening` does not block. `text` is asked at each request.
  MetricsServer(boost::asio::io_context& io, UniqueFd listening, std::function<std::string()> text)
      : io_(io), listening_(std::move(listening)), text_(std::move(text)) {}
  void start();

 private:
  using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
  using Place = std::list<Stream>::iterator;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(Place place);
  boost::asio::awaitable<void> converse(Stream& stream);
  static boost::asio::awaitable<void> hear_out(Stream& stream);
  void welcome(UniqueFd socket);

  boost::asio::io_context& io_;
  UniqueFd listening_;
  std::function<std::string()> text_;
  std::list<Stream> streams_;  // oldest first
};

}  // namespace sallyport
