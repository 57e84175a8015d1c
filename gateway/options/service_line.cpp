// Runs in: sallyportd, sallyport-send, sallyport-metrics.
#include "gateway/options/service_line.h"

#include <CLI/CLI.hpp>

#include "gateway/version/version.h"

namespace sallyport {

std::optional<int> read_service_line(const ServiceLine& line, int argc, char** argv) {
  constexpr int kWrongUsage = 2;
  CLI::App app{line.about};
  app.set_version_flag("--version", version_text(line.program));
  for (const auto& [name, folder, what] : line.folders)
    app.add_option(name, folder, what)->capture_default_str();
  app.footer("Example:\n  " + line.example);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  return std::nullopt;
}

}  // namespace sallyport
