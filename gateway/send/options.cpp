// Runs in: sallyport-send.
#include "gateway/send/options.h"

#include <CLI/CLI.hpp>

#include "gateway/version/version.h"

namespace sallyport {

std::variant<SendOptions, int> SendOptions::parse(int argc, char** argv) {
  constexpr int kWrongUsage = 2;
  SendOptions options;
  CLI::App app{
      "Sends the records of Sallyport's journal on, to what [[send]] in sallyport.toml names: syslog over "
      "TLS, TCP\n"
      "or a unix socket, or journald. It runs without privileges in the foreground; systemd starts it."};
  app.set_version_flag("--version", version_text("sallyport-send"));
  app.add_option("--config", options.config, "folder of sallyport.toml")->capture_default_str();
  app.add_option("--state", options.state, "the gate's state folder; positions are kept in STATE-send")
      ->capture_default_str();
  app.footer(
      "Example:\n  sallyport-send --config /etc/sallyport\nHow far each destination is: sallyport audit "
      "sending");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  return options;
}

}  // namespace sallyport
