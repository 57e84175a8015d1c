// Runs in: sallyportd (privileged).
#include "gateway/monitor/options.h"

#include <CLI/CLI.hpp>

#include "gateway/monitor/version.h"

namespace sallyport {

std::variant<Options, int> Options::parse(int argc, char** argv) {
  constexpr int kWrongUsage = 2;
  Options options;
  options.libexec = SALLYPORT_LIBEXECDIR;
  CLI::App app{
      "The monitor of Sallyport, a one-time inbound service gateway. It runs as root in the foreground;\n"
      "systemd starts it. Admins use sallyport(1)."};
  app.set_version_flag("--version", kVersion);
  app.add_option("--config", options.config, "folder of sallyport.toml, policies, targets, reps")
      ->capture_default_str();
  app.add_option("--state", options.state, "folder of the journal and the recordings")->capture_default_str();
  app.add_option("--run", options.run, "folder of the control socket")->capture_default_str();
  app.add_option("--libexec", options.libexec, "folder of sallyport-ssh and sallyport-auth")
      ->capture_default_str();
  app.footer(
      "Example:\n  sallyportd --config /etc/sallyport\nSignals: SIGTERM ends sessions in order, SIGHUP reads "
      "policies, targets and reps again.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  return options;
}

}  // namespace sallyport
