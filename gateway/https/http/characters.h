// Which bytes may stand where in a message (RFC 9110, section 5.6; RFC 3986). Pure; runs in: sallyport-https.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::http {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// tchar. Every byte of a head is looked at, most of them by this.
inline constexpr auto kTokenChars = [] {
  std::array<bool, 256> chars{};
  for (int c = 0; c < 128; ++c)
    chars[static_cast<std::size_t>(c)] = is_digit(static_cast<char>(c)) || is_letter(static_cast<char>(c));
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"}) chars[static_cast<unsigned char>(c)] = true;
  return chars;
}();
constexpr bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }
// What may stand in a head at all, but for the CRLF at the end of a line: VCHAR, SP, HTAB, and obs-text
// (0x80-0xff), which is opaque to us. File names in Content-Disposition carry it, and so do cookies; nothing
// that this gate interprets may contain it, because each of those has a grammar of its own.
constexpr bool is_field_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

// A plain loop, which lets the compiler see what `is` does; std::all_of calls it for each byte.
template <class Predicate>
constexpr bool all_are(std::string_view text, Predicate is) {
  for (const char c : text)
    if (!is(c)) return false;
  return true;
}
constexpr bool is_token(std::string_view text) { return !text.empty() && all_are(text, is_token_char); }

// ASCII letters only: a locale must not decide what a field is called.
constexpr bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}
constexpr bool starts_with_name(std::string_view text, std::string_view prefix) {
  return same_name(text.substr(0, prefix.size()), prefix);
}
inline std::string lower_case(std::string_view text) {
  std::string small{text};
  std::transform(small.begin(), small.end(), small.begin(), lower);
  return small;
}
constexpr std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace sallyport::http
