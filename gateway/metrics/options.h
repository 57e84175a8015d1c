// The command line of sallyport-metrics. Runs in: sallyport-metrics.
#pragma once

#include <filesystem>
#include <variant>

namespace sallyport {

struct MetricsOptions {
  std::filesystem::path config = "/etc/sallyport", state = "/var/lib/sallyport", run = "/run/sallyport";

  // An int is the exit code of a command line that asks for help or is wrong.
  static std::variant<MetricsOptions, int> parse(int argc, char** argv);
};

}  // namespace sallyport
