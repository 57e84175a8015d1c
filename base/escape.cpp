// Runs in: every program.
#include "base/escape.h"

#include <fmt/core.h>

#include <cstdint>

namespace sallyport {

namespace {

struct Decoded {
  std::uint32_t point = 0;
  std::size_t length = 0;  // 0: not valid UTF-8 here
};

struct Form {
  unsigned char mask, lead;
  std::size_t length;
  std::uint32_t smallest;
};
constexpr Form kForms[] = {
    {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  for (const auto& form : kForms) {
    if ((lead & form.mask) != form.lead) continue;
    if (text.size() < form.length) return {};
    std::uint32_t point = lead & static_cast<unsigned char>(~form.mask);
    for (std::size_t i = 1; i < form.length; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte & 0xc0) != 0x80) return {};
      point = point << 6 | (byte & 0x3f);
    }
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < form.smallest || point > 0x10ffff || surrogate) return {};
    return {point, form.length};
  }
  return {};
}

bool is_dangerous(std::uint32_t point) {
  const bool control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
  const bool bidirectional = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                             point == 0x200e || point == 0x200f || point == 0x061c;
  const bool separator = point == 0x2028 || point == 0x2029;
  return control || bidirectional || separator;
}

}  // namespace

std::string escape_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [point, length] = decode(text);
    if (length == 0 || (length == 1 && is_dangerous(point)))
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    else if (is_dangerous(point))
      out += fmt::format("\\u{{{:04x}}}", point);
    else if (point == '\\')
      out += "\\\\";
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = decode(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace sallyport
