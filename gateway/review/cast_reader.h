// CastReader: the events of a recording one after the other, in constant memory whatever its size. Runs in:
// sallyport.
#pragma once

#include <optional>
#include <string>

#include "gateway/review/cast.h"
#include "gateway/review/recording_bytes.h"

namespace sallyport {

class CastReader {
 public:
  // Reads the header.
  static Result<CastReader> open(RecordingBytes bytes);

  // Empty at the end, and at the first line that is no event: what is before it counts, as in read_cast().
  Result<std::optional<CastEvent>> next();
  const Cast& header() const noexcept { return header_; }  // without events
  bool is_whole() const noexcept { return whole_; }

 private:
  explicit CastReader(RecordingBytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::optional<std::string_view>> line();

  RecordingBytes bytes_;
  Cast header_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::chrono::microseconds last_{};
  bool at_end_ = false, whole_ = true;
};

}  // namespace sallyport
