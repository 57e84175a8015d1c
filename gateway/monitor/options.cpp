// Runs in: sallyportd (privileged).
#include "gateway/monitor/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "auth/sealed_secret.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

// One that the unit names and that could not be decrypted is not there either: systemd does not start us
// then.
std::filesystem::path credential_file() {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder != '/') return {};
  const auto file = std::filesystem::path{folder} / kCredentialName;
  std::error_code error;
  return std::filesystem::exists(file, error) || error ? file : std::filesystem::path{};
}

}  // namespace

std::variant<Options, int> Options::parse(int argc, char** argv) {
  constexpr int kWrongUsage = 2;
  Options options;
  options.libexec = SALLYPORT_LIBEXECDIR;
  CLI::App app{
      "The monitor of Sallyport, a one-time inbound service gateway. It runs as root in the foreground;\n"
      "systemd starts it. Admins use sallyport(1)."};
  app.set_version_flag("--version", version_text("sallyportd"));
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
  options.credential = credential_file();
  return options;
}

}  // namespace sallyport
