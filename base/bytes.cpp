// Runs in: every program.
#include "base/bytes.h"

namespace sallyport {

namespace {

template <class T>
void put_big_endian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
}

std::uint64_t get_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

void ByteWriter::u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
void ByteWriter::u32(std::uint32_t value) { put_big_endian(bytes_, value); }
void ByteWriter::u64(std::uint64_t value) { put_big_endian(bytes_, value); }

void ByteWriter::text(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  bytes_.append(value);
}

std::string_view ByteReader::take(std::size_t count) {
  if (failed_ || count > rest_.size()) {
    failed_ = true;
    return {};
  }
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint8_t ByteReader::u8() { return static_cast<std::uint8_t>(get_big_endian(take(1))); }
std::uint32_t ByteReader::u32() { return static_cast<std::uint32_t>(get_big_endian(take(4))); }
std::uint64_t ByteReader::u64() { return get_big_endian(take(8)); }

bool ByteReader::boolean() {
  const auto value = u8();
  if (value > 1) failed_ = true;
  return value == 1;
}

std::string ByteReader::text(std::size_t limit) { return std::string{take(count(limit))}; }

std::size_t ByteReader::count(std::size_t limit) {
  const std::size_t value = u32();
  if (value > limit) failed_ = true;
  return failed_ ? 0 : value;
}

Done ByteReader::finish() const {
  if (failed_) return fail("message is cut short, too long, or has a value out of range");
  if (!rest_.empty()) return fail("message has {} bytes too many", rest_.size());
  return {};
}

}  // namespace sallyport
