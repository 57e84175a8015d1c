// Runs in: the workers.
#include "gateway/worker/json_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace sallyport {

namespace {

constexpr std::string_view kLineEnd = "\r\n";  // each line of output has it

constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
constexpr bool stands_for_itself(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '"' && c != '\\' && is_ascii(c);
}

// Nearly all of a line is judged eight bytes at a time. The high bit of a byte that is below a limit of at
// most 0x80 is set, and bytes behind the first such may be taken for one (S. E. Anderson, Bit Twiddling
// Hacks).
constexpr std::uint64_t eight(unsigned char byte) { return byte * 0x0101010101010101ULL; }
constexpr std::uint64_t below(std::uint64_t bytes, unsigned char limit) {
  return (bytes - eight(limit)) & ~bytes;
}
// High bits: the lowest one set is that of the first byte that does not stand for itself.
constexpr std::uint64_t others(std::uint64_t bytes) {
  return (below(bytes, 0x20) | below(bytes ^ eight(0x7F), 1) | below(bytes ^ eight('"'), 1) |
          below(bytes ^ eight('\\'), 1) | bytes) &
         eight(0x80);
}

// How many bytes at the start need nothing done to them.
std::size_t plain_bytes(std::string_view text) {
  std::size_t count = 0;
  for (std::uint64_t bytes = 0; count + sizeof bytes <= text.size(); count += sizeof bytes) {
    std::memcpy(&bytes, text.data() + count, sizeof bytes);
    const auto found = others(bytes);
    if (found == 0) continue;
    if constexpr (std::endian::native == std::endian::little)
      return count + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    break;
  }
  while (count < text.size() && stands_for_itself(text[count])) ++count;
  return count;
}

void append_escaped(std::string& to, char c) {
  if (c == '\r' || c == '\n')
    to += c == '\r' ? "\\r" : "\\n";
  else if (c == '"' || c == '\\')
    (to += '\\') += c;
  else
    to += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
}

}  // namespace

void JsonText::feed(std::string_view bytes, std::string& to) {
  while (!bytes.empty()) {
    const auto wide = static_cast<std::size_t>(std::ranges::find_if(bytes, is_ascii) - bytes.begin());
    if (wide > 0) to += text_.feed(bytes.substr(0, wide));
    bytes.remove_prefix(wide);
    if (bytes.empty()) return;
    to += text_.finish();  // ASCII is part of no longer character
    const auto plain = plain_bytes(bytes);
    to += bytes.substr(0, plain);
    bytes.remove_prefix(plain);
    if (bytes.starts_with(kLineEnd)) {
      to += "\\r\\n";
      bytes.remove_prefix(kLineEnd.size());
    } else if (!bytes.empty() && is_ascii(bytes.front())) {
      append_escaped(to, bytes.front());
      bytes.remove_prefix(1);
    }
  }
}

}  // namespace sallyport
