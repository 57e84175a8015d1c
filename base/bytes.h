// Bounded reader and writer: the only way a peer's or a worker's bytes become values.
// Big-endian integers; strings and byte runs with a u32 length in front (RFC 4251 section 5).
// Explicit limits, all or nothing, trailing bytes refused. Runs in: every program.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport {

class ByteWriter {
 public:
  void u8(std::uint8_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void boolean(bool value) { u8(value ? 1 : 0); }
  void text(std::string_view value);
  const std::string& bytes() const noexcept { return bytes_; }
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Every read after the first failure fails too, so a caller may read a whole message and ask once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  bool boolean();  // anything but 0 and 1 is a failure
  // At most `limit` bytes, else a failure.
  std::string text(std::size_t limit);
  // A count of items that will follow, at most `limit`.
  std::size_t count(std::size_t limit);

  // Success only when nothing failed and nothing is left.
  Done finish() const;
  bool failed() const noexcept { return failed_; }

 private:
  std::string_view take(std::size_t count);
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace sallyport
