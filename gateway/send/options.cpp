// Runs in: sallyport-send.
#include "gateway/send/options.h"

#include "gateway/options/service_line.h"

namespace sallyport {

std::variant<SendOptions, int> SendOptions::parse(int argc, char** argv) {
  SendOptions options;
  const auto ended = read_service_line(
      {"sallyport-send",
       "Sends the records of Sallyport's journal on, to what [[send]] in sallyport.toml names: syslog over "
       "TLS, TCP\n"
       "or a unix socket, or journald. It runs without privileges in the foreground; systemd starts it.",
       {{"--config", options.config, "folder of sallyport.toml"},
        {"--state", options.state, "the gate's state folder; positions are kept in STATE-send"}},
       "sallyport-send --config /etc/sallyport\nHow far each destination is: sallyport audit sending"},
      argc, argv);
  if (ended) return *ended;
  return options;
}

}  // namespace sallyport
