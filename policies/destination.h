// Destination: one [[send]] of sallyport.toml, where the journal's records are sent on to. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "policies/service.h"

namespace sallyport {

enum class SendBy : std::uint8_t { unix_socket, tcp, tls, journald };
enum class SendFormat : std::uint8_t { json, ocsf };
enum class SendFrom : std::uint8_t { start, now };
// Over TLS: whose end of a connection says that all of it was read. TLS's only the receiver can say; TCP's
// can be forged by whoever is on the way.
enum class Receipt : std::uint8_t { tls, tcp };

inline constexpr const char* kJournaldSocket = "/run/systemd/journal/socket";

struct Destination {
  std::string name;  // of its position; stays the same when the address changes
  std::string to;    // as it was written: "tls:siem.example.com:6514"
  SendBy by = SendBy::tcp;
  std::string host;  // a name or an address; with a port
  Port port{};
  std::filesystem::path socket;            // of a unix socket, or journald's
  std::filesystem::path ca;                // PEM; empty: the host's own authorities
  std::filesystem::path certificate, key;  // PEM, to show who we are; both or neither
  Receipt receipt = Receipt::tls;
  SendFormat format = SendFormat::json;
  SendFrom from = SendFrom::start;    // at the first start: all records, or those that come from then on
  std::uint8_t facility = 10;         // RFC 5424, table 1; authpriv
  std::chrono::seconds patience{30};  // to accept a connection, to take more, to close
  std::chrono::seconds lag_limit{15 * 60};  // doctor warns when a record has waited so long
};

}  // namespace sallyport
