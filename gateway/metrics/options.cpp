// Runs in: sallyport-metrics.
#include "gateway/metrics/options.h"

#include <CLI/CLI.hpp>

#include "gateway/version/version.h"

namespace sallyport {

std::variant<MetricsOptions, int> MetricsOptions::parse(int argc, char** argv) {
  constexpr int kWrongUsage = 2;
  MetricsOptions options;
  CLI::App app{
      "Numbers of a Sallyport gate for a monitoring system, in OpenMetrics' format, where [metrics] in "
      "sallyport.toml\n"
      "says. It reads the journal, as an auditor may, and runs in the foreground; systemd starts it."};
  app.set_version_flag("--version", version_text("sallyport-metrics"));
  app.add_option("--config", options.config, "folder of sallyport.toml")->capture_default_str();
  app.add_option("--state", options.state, "folder of the journal")->capture_default_str();
  app.add_option("--run", options.run, "folder of the monitor's control socket")->capture_default_str();
  app.footer("Example:\n  sallyport-metrics --config /etc/sallyport");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  return options;
}

}  // namespace sallyport
