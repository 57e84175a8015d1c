// Runs in: sallyport-metrics.
#include "gateway/metrics/options.h"

#include "gateway/options/service_line.h"

namespace sallyport {

std::variant<MetricsOptions, int> MetricsOptions::parse(int argc, char** argv) {
  MetricsOptions options;
  const auto ended = read_service_line(
      {"sallyport-metrics",
       "Numbers of a Sallyport gate for a monitoring system, in OpenMetrics' format, where [metrics] in "
       "sallyport.toml\n"
       "says. It reads the journal, as an auditor may, and runs in the foreground; systemd starts it.",
       {{"--config", options.config, "folder of sallyport.toml"},
        {"--state", options.state, "folder of the journal"},
        {"--run", options.run, "folder of the monitor's control socket"}},
       "sallyport-metrics --config /etc/sallyport"},
      argc, argv);
  if (ended) return *ended;
  return options;
}

}  // namespace sallyport
