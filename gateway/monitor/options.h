// Options: sallyportd's command line. Runs in: sallyportd (privileged).
#pragma once

#include <filesystem>
#include <optional>
#include <variant>

namespace sallyport {

struct Options {
  std::filesystem::path config = "/etc/sallyport";
  std::filesystem::path state = "/var/lib/sallyport";
  std::filesystem::path run = "/run/sallyport";
  std::filesystem::path libexec;  // where sallyport-ssh and sallyport-auth are
  std::filesystem::path
      credential;  // what secrets are sealed with (auth/sealed_secret.h); empty: there is none

  // The options, with what the service manager says in $CREDENTIALS_DIRECTORY; or the exit code of --help,
  // --version and wrong usage (already said).
  static std::variant<Options, int> parse(int argc, char** argv);
};

}  // namespace sallyport
