// Runs in: sallyport-send.
#include "gateway/send/syslog_message.h"

#include <algorithm>

namespace sallyport {

namespace {

// RFC 5424, section 6: HOSTNAME, MSGID are PRINTUSASCII of bounded length; nothing is "-".
std::string header_word(std::string_view text, std::size_t longest) {
  std::string word;
  for (const char c : text.substr(0, longest)) word += c > ' ' && c < '\x7f' ? c : '?';
  return word.empty() ? "-" : word;
}

// Section 6.3.3: three characters are escaped, nothing else may be.
void add_parameter(std::string& to, std::string_view name, std::string_view value) {
  to.append(" ").append(name).append("=\"");
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == ']') to += '\\';
    to += c;
  }
  to += '"';
}

std::string without_text(const Report& report, std::string_view host, std::uint8_t facility,
                         std::string_view more) {
  auto message =
      fmt::format("<{}>1 {} {} sallyport - {} [{}", facility * 8 + static_cast<int>(report.severity),
                  report.time, header_word(host, 255), header_word(report.event, 32), kStructuredDataId);
  add_parameter(message, "event", report.event);
  for (const auto& [name, value] : report.names) add_parameter(message, name, value);
  if (!more.empty()) add_parameter(message, "left_out", more);
  return message + "]";
}

}  // namespace

std::string syslog_message(const Report& report, std::string_view host, std::uint8_t facility) {
  return without_text(report, host, facility, "") + " " + report.text;
}

std::string syslog_message_without_text(const Report& report, std::string_view host, std::uint8_t facility) {
  return without_text(report, host, facility, fmt::format("{} bytes", report.text.size()));
}

std::string octet_counted(std::string_view message) { return fmt::format("{} {}", message.size(), message); }

}  // namespace sallyport
