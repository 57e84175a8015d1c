// RecordingBytes: what stands in a recording, from its first byte on, in pieces. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport {

class RecordingBytes {
 public:
  explicit RecordingBytes(UniqueFd file) : file_(std::move(file)) {}
  // Adds the next piece to `to`; false at the end.
  Result<bool> more(std::string& to);

 private:
  UniqueFd file_;
  std::uint64_t position_ = 0;  // of our own: the descriptor may be shared
};

// Opens one by its path, which may come from a journal that somebody altered.
Result<UniqueFd> open_recording(const std::string& path);

}  // namespace sallyport
