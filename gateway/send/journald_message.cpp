// Runs in: sallyport-send.
#include "gateway/send/journald_message.h"

namespace sallyport {

namespace {

// "KEY=value\n"; with its length in 64 bits, least byte first, when a line end is in the value.
void add_field(std::string& to, std::string_view key, std::string_view value) {
  to.append(key);
  if (value.find('\n') == value.npos) {
    to.append("=").append(value).append("\n");
    return;
  }
  to += '\n';
  for (std::uint64_t rest = value.size(), i = 0; i < 8; ++i, rest >>= 8) to += static_cast<char>(rest & 0xff);
  to.append(value).append("\n");
}

std::string upper(std::string_view name) {
  std::string key = "SALLYPORT_";
  for (const char c : name) key += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return key;
}

// For people: "grant.claimed grant=g-7k3m9q2x session=s-4f8w2c6n peer=192.0.2.7:40131".
std::string sentence(const Report& report) {
  auto text = report.event;
  for (const auto& [name, value] : report.names)
    if (name != "hash") text += fmt::format(" {}={}", name, value);
  return text;
}

}  // namespace

std::string journald_message_without_text(const Report& report, std::uint8_t facility) {
  std::string datagram;
  add_field(datagram, "MESSAGE", report.names.empty() ? report.text : sentence(report));
  add_field(datagram, "MESSAGE_ID", kMessageId);
  add_field(datagram, "PRIORITY", std::to_string(static_cast<int>(report.severity)));
  add_field(datagram, "SYSLOG_FACILITY", std::to_string(facility));
  add_field(datagram, "SYSLOG_IDENTIFIER", "sallyport");
  add_field(datagram, "SALLYPORT_EVENT", report.event);
  add_field(datagram, "SALLYPORT_TIME", report.time);
  for (const auto& [name, value] : report.names) add_field(datagram, upper(name), value);
  return datagram;
}

std::string journald_message(const Report& report, std::uint8_t facility) {
  auto datagram = journald_message_without_text(report, facility);
  add_field(datagram, "SALLYPORT_RECORD", report.text);
  return datagram;
}

}  // namespace sallyport
