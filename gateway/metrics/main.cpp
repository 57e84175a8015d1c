// sallyport-metrics: numbers for a monitoring system. Runs as an account of its own, which reads what an
// auditor reads; never talks to a peer.
#include <csignal>

#include "base/log.h"
#include "gateway/metrics/run_metrics.h"

int main(int argc, char** argv) {
  using namespace sallyport;
  std::signal(SIGPIPE, SIG_IGN);
  const auto options = MetricsOptions::parse(argc, argv);
  if (const int* const exit_code = std::get_if<int>(&options)) return *exit_code;
  if (auto done = run_metrics(std::get<MetricsOptions>(options)); !done) {
    log_error("{}", done.error().message());
    return 1;
  }
  return 0;
}
