// Runs in: sallyport-metrics.
#include "gateway/metrics/run_metrics.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "base/log.h"
#include "gateway/metrics/listening.h"
#include "gateway/metrics/metrics.h"
#include "gateway/metrics/metrics_server.h"
#include "policies/catalogue.h"

namespace sallyport {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kPeriod{1};

// Keeps up with the journal between two requests, so that neither has much to read.
class Reader {
 public:
  Reader(asio::io_context& io, Metrics& metrics) : metrics_(metrics), timer_(io) { go_on(); }

 private:
  void go_on() {
    const bool more = metrics_.read_on() == Follower::More::yes;
    timer_.expires_after(more ? std::chrono::seconds{0} : kPeriod);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) go_on();
    });
  }
  Metrics& metrics_;
  asio::steady_timer timer_;
};

std::string sentence(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "; ") + problem.message();
  return text;
}

}  // namespace

Done run_metrics(const MetricsOptions& options) {
  const auto settings = load_settings(options.config);
  if (!settings) return fail("{}", sentence(settings.error()));
  if (!settings->metrics) {
    log_info("there is no [metrics] in {}: nothing to do", (options.config / "sallyport.toml").string());
    return {};
  }
  ASSIGN_OR_RETURN(auto metrics, Metrics::open(options.state, options.run / "control.sock"));
  ASSIGN_OR_RETURN(auto listening, listen_for_metrics(*settings->metrics));
  asio::io_context io{1};
  asio::signal_set ends{io, SIGTERM, SIGINT};
  ends.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  Reader reader{io, metrics};
  MetricsServer server{io, std::move(listening), [&] {
                         (void)metrics.read_on();
                         return metrics.text();
                       }};
  server.start();
  io.run();
  if (const auto& socket = settings->metrics->socket; !socket.empty()) ::unlink(socket.c_str());
  return {};
}

}  // namespace sallyport
