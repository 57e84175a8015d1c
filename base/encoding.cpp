// Runs in: every program.
#include "base/encoding.h"

#include <cstdint>

namespace sallyport {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Cuts the bits of `bytes` into groups of `width`, the last one filled up with zeros.
std::string encode_bits(std::string_view bytes, std::string_view alphabet, unsigned width) {
  std::string text;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    pending = pending << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= width; bits -= width)
      text += alphabet[pending >> (bits - width) & ((1U << width) - 1)];
    pending &= (1U << bits) - 1;
  }
  if (bits > 0) text += alphabet[pending << (width - bits) & ((1U << width) - 1)];
  return text;
}

// What the digits of six bits each stand for; the bits that are left over are not looked at.
Result<std::string> decode_sextets(std::string_view digits, std::string_view alphabet) {
  std::string bytes;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char character : digits) {
    const auto value = alphabet.find(character);
    if (value == std::string_view::npos) return fail("Base64 text has other characters in it");
    pending = pending << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(pending >> bits)));
    pending &= (1U << bits) - 1;
  }
  return bytes;
}

}  // namespace

std::string to_hex(std::string_view bytes) { return encode_bits(bytes, kHex, 4); }

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail("hex text has an odd number of digits");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = kHex.find(ascii_lower(text[i])), low = kHex.find(ascii_lower(text[i + 1]));
    if (high == std::string_view::npos || low == std::string_view::npos)
      return fail("hex text has other characters in it");
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(high << 4 | low)));
  }
  return bytes;
}

std::string to_base32(std::string_view bytes) { return encode_bits(bytes, kBase32, 5); }

Result<std::string> from_base32(std::string_view text) {
  std::string bytes;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char character : text) {
    if (character == ' ' || character == '-' || character == '=') continue;
    const auto value = kBase32.find(ascii_upper(character));
    if (value == std::string_view::npos)
      return fail("Base32 text has other characters in it (expected A-Z and 2-7)");
    pending = pending << 5 | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(pending >> bits)));
    pending &= (1U << bits) - 1;
  }
  return bytes;
}

Result<std::string> from_base64(std::string_view text) {
  std::string_view digits = text;
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  ASSIGN_OR_RETURN(auto bytes, decode_sextets(digits, kBase64));
  if (to_base64(bytes) != text) return fail("Base64 text is cut short or not canonical");
  return bytes;
}

std::string to_base64(std::string_view bytes, bool padded) {
  std::string text = encode_bits(bytes, kBase64, 6);
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

std::string to_base64url(std::string_view bytes) { return encode_bits(bytes, kBase64Url, 6); }

Result<std::string> from_base64url(std::string_view text) {
  ASSIGN_OR_RETURN(auto bytes, decode_sextets(text, kBase64Url));
  if (to_base64url(bytes) != text) return fail("base64url text is cut short or not canonical");
  return bytes;
}

}  // namespace sallyport
