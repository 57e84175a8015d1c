// Options: sallyport-send's command line. Runs in: sallyport-send.
#pragma once

#include <filesystem>
#include <variant>

namespace sallyport {

struct SendOptions {
  std::filesystem::path config = "/etc/sallyport";
  std::filesystem::path state = "/var/lib/sallyport";  // the gate's; positions lie in /var/lib/sallyport-send

  // The options; or the exit code of --help, --version and wrong usage (already said).
  static std::variant<SendOptions, int> parse(int argc, char** argv);
};

}  // namespace sallyport
