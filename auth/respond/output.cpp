// Runs in: sallyport-respond (as the representative).
#include "auth/respond/output.h"

#include <unistd.h>

#include "auth/challenge_text.h"
#include "auth/question.h"
#include "base/escape.h"
#include "base/file.h"

namespace sallyport {

namespace {

constexpr std::size_t kLongestResponse = 128;  // a suite with 0 digits: a whole HMAC in hex
constexpr std::size_t kGroup = 8;

std::string in_groups(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(kGroup, text.size()))) {
    if (!out.empty()) out += ' ';
    out += text.substr(0, kGroup);
  }
  return out;
}

std::string json_value(const JsonValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return json_string(*text);
  std::string out = "[";
  for (const auto& text : std::get<std::vector<std::string>>(value))
    out += fmt::format("{}{}", out.size() > 1 ? "," : "", json_string(text));
  return out + "]";
}

}  // namespace

Done print_line(std::string_view text) {
  const auto line = Secret::taking(std::string{text} + "\n");
  return write_all(STDOUT_FILENO, line.reveal());
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : is_utf8(text) ? text : std::string_view{"\xef\xbf\xbd"}) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out + "\"";
}

std::string to_json(const std::vector<std::pair<std::string_view, JsonValue>>& members) {
  std::string out = "{";
  for (const auto& [name, value] : members)
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", json_string(name), json_value(value));
  return out + "}";
}

std::vector<std::string> lines_of(const Answer& answer) {
  std::string whole;
  for (const auto& part : answer.parts) whole += part;
  if (whole.size() <= kLongestResponse) return {grouped(whole)};
  // With its spaces a line must still be one answer's worth.
  constexpr std::size_t line_length = kSignaturePartLength / (kGroup + 1) * kGroup;
  std::vector<std::string> lines;
  for (std::string_view rest = whole; !rest.empty(); rest.remove_prefix(std::min(line_length, rest.size())))
    lines.push_back(in_groups(rest.substr(0, line_length)));
  return lines;
}

}  // namespace sallyport
