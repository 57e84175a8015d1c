// Runs in: the workers.
#include "gateway/worker/utf8_stream.h"

#include <cstdint>
#include <utility>

namespace sallyport {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// RFC 3629: how many bytes a character has that begins with `lead`, and what its second byte may be.
struct Shape {
  std::size_t length = 0;  // 0: no character begins so
  std::uint8_t second_from = 0x80, second_to = 0xBF;
};

Shape shape_of(std::uint8_t lead) {
  if (lead < 0x80) return {1};
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};  // no overlong forms
  if (lead == 0xED) return {3, 0x80, 0x9F};  // no surrogates
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};  // nothing beyond U+10FFFF
  return {};
}

// How many bytes at the start of `bytes` are a valid beginning of a character of `shape`.
std::size_t valid_bytes(std::string_view bytes, const Shape& shape) {
  std::size_t valid = 1;
  while (valid < shape.length && valid < bytes.size()) {
    const auto byte = static_cast<std::uint8_t>(bytes[valid]);
    const std::uint8_t from = valid == 1 ? shape.second_from : 0x80, to = valid == 1 ? shape.second_to : 0xBF;
    if (byte < from || byte > to) break;
    ++valid;
  }
  return valid;
}

// Nearly all that is ever shown.
std::size_t ascii_bytes(std::string_view bytes) {
  std::size_t count = 0;
  while (count < bytes.size() && static_cast<std::uint8_t>(bytes[count]) < 0x80) ++count;
  return count;
}

}  // namespace

std::string Utf8Stream::feed(std::string_view bytes) {
  const std::string all = std::exchange(begun_, {}).append(bytes);
  std::string text;
  text.reserve(all.size());
  for (std::string_view rest = all; !rest.empty();) {
    if (const auto plain = ascii_bytes(rest); plain != 0) {
      text += rest.substr(0, plain);
      rest.remove_prefix(plain);
      continue;
    }
    const auto shape = shape_of(static_cast<std::uint8_t>(rest[0]));
    const auto valid = shape.length == 0 ? 1 : valid_bytes(rest, shape);
    if (shape.length != 0 && valid < shape.length && valid == rest.size()) {
      begun_ = rest;
      break;
    }
    text += valid == shape.length ? rest.substr(0, valid) : kReplacement;
    rest.remove_prefix(valid);
  }
  return text;
}

std::string Utf8Stream::finish() {
  return std::exchange(begun_, {}).empty() ? std::string{} : std::string{kReplacement};
}

}  // namespace sallyport
