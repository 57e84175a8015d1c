// Runs in: sallyport-https.
#include "gateway/https/files/parameters.h"

#include "gateway/https/http/characters.h"

namespace sallyport::http {

namespace {

// From behind the opening quote; moves `rest` behind the closing one.
std::optional<std::string> quoted(std::string_view& rest) {
  std::string text;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      return text;
    }
    // Browsers write \" for a quote and leave other backslashes as they are (Windows' paths of old).
    if (rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\')) ++at;
    text += rest[at];
  }
  return std::nullopt;
}

std::string plain(std::string_view& rest) {
  const auto end = std::min(rest.find(';'), rest.size());
  std::string text{trimmed(rest.substr(0, end))};
  rest.remove_prefix(end);
  return text;
}

// UTF-8''%e2%82%ac%20rates
std::optional<std::string> decoded(std::string_view extended) {
  const auto language = extended.find('\'');
  const auto value = language == std::string_view::npos ? language : extended.find('\'', language + 1);
  if (value == std::string_view::npos || !same_name(extended.substr(0, language), "UTF-8"))
    return std::nullopt;
  std::string text;
  for (std::size_t at = value + 1; at < extended.size(); ++at) {
    if (extended[at] != '%') {
      text += extended[at];
      continue;
    }
    if (at + 2 >= extended.size()) return std::nullopt;
    const int high = hex_value(extended[at + 1]), low = hex_value(extended[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return text;
}

}  // namespace

std::string media_type(std::string_view content_type) {
  return lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
}

std::optional<std::string> parameter(std::string_view field, std::string_view name) {
  auto rest = field.substr(std::min(field.find(';'), field.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the semicolon
    const auto equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos) return std::nullopt;
    const auto found = trimmed(rest.substr(0, equals));
    const bool has_value = rest[equals] == '=';
    rest.remove_prefix(equals + (has_value ? 1 : 0));
    if (!has_value) continue;
    std::optional<std::string> value;
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      value = quoted(rest);
      const auto next = std::min(rest.find(';'), rest.size());
      if (!value || !trimmed(rest.substr(0, next)).empty()) return std::nullopt;
      rest.remove_prefix(next);
    } else {
      value = plain(rest);
    }
    if (same_name(found, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::string> file_name(std::string_view disposition) {
  if (const auto extended = parameter(disposition, "filename*"))
    if (auto name = decoded(*extended)) return name;
  return parameter(disposition, "filename");
}

}  // namespace sallyport::http
