// RecordingBytes: what stands in a recording, from its first byte on, in pieces; of one that was compressed
// after its end (recording_zstd.h), what was in it before. Runs in: sallyport.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/handle.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/audit/recording_store.h"

extern "C" {
struct ZSTD_DCtx_s;
std::size_t ZSTD_freeDCtx(ZSTD_DCtx_s*);
}

namespace sallyport {

class RecordingBytes {
 public:
  explicit RecordingBytes(UniqueFd file) : file_(std::move(file)) {}
  // Adds the next piece to `to`; false at the end.
  Result<bool> more(std::string& to);

 private:
  Result<bool> read();
  Result<bool> decompress(std::string& to);

  UniqueFd file_;
  std::uint64_t position_ = 0;                                    // of our own: the descriptor may be shared
  std::unique_ptr<ZSTD_DCtx_s, FreeWith<ZSTD_freeDCtx>> stream_;  // empty: it is not compressed
  std::string input_;
  std::size_t taken_ = 0;  // of input_
  bool between_frames_ = true;
};

// Whether one lies there, as it was written or compressed; a link is none.
bool is_plain_recording(const std::filesystem::path& path);
bool is_recording(const std::filesystem::path& path);

// Opens one by its path, which may come from a journal that somebody altered; the compressed one where only
// that is left.
Result<UniqueFd> open_recording(const std::string& path);
// Size and hash of what is in it; stops behind `expected` bytes, because what was altered may unpack to
// anything.
Result<RecordingSum> hash_contents(UniqueFd file, std::uint64_t expected);

}  // namespace sallyport
