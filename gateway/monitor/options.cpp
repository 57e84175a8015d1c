// Runs in: sallyportd (privileged).
#include "gateway/monitor/options.h"

#include <cstdlib>

#include "auth/sealed_secret.h"
#include "gateway/options/service_line.h"

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
  Options options;
  options.libexec = SALLYPORT_LIBEXECDIR;
  const auto ended = read_service_line(
      {"sallyportd",
       "The monitor of Sallyport, a one-time inbound service gateway. It runs as root in the foreground;\n"
       "systemd starts it. Admins use sallyport(1).",
       {{"--config", options.config, "folder of sallyport.toml, policies, targets, reps"},
        {"--state", options.state, "folder of the journal and the recordings"},
        {"--run", options.run, "folder of the control socket"},
        {"--libexec", options.libexec, "folder of sallyport-ssh and sallyport-auth"}},
       "sallyportd --config /etc/sallyport\nSignals: SIGTERM ends sessions in order, SIGHUP reads "
       "policies, targets and reps again."},
      argc, argv);
  if (ended) return *ended;
  options.credential = credential_file();
  return options;
}

}  // namespace sallyport
