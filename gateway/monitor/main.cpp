// sallyportd: the monitor. Runs as root; never reads a peer's bytes.
#include <csignal>

#include "base/advice.h"
#include "base/log.h"
#include "gateway/monitor/monitor.h"

int main(int argc, char** argv) {
  using namespace sallyport;
  std::signal(SIGPIPE, SIG_IGN);
  const auto options = Options::parse(argc, argv);
  if (const int* const exit_code = std::get_if<int>(&options)) return *exit_code;
  if (auto done = run_monitor(std::get<Options>(options)); !done) {
    log_error("{}", with_advice(done.error()));
    return 1;
  }
  return 0;
}
