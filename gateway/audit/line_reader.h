// LineReader: the lines of a journal's file in constant memory. Runs in: sallyportd, sallyport.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

struct Line {
  std::string_view text;     // without the newline; valid until the next call
  std::uint64_t number = 0;  // from 1
  std::uint64_t offset = 0;  // of the first byte in the file
  bool ended = false;  // by a newline; otherwise the file ended, or the line is longer than a record can be
};

// Reads with pread(2): shares the descriptor, and takes nothing from its position.
class LineReader {
 public:
  explicit LineReader(int fd, std::uint64_t offset = 0, std::uint64_t lines_before = 0)
      : fd_(fd), offset_(offset), number_(lines_before) {}

  // Empty at the end. After a line that is not `ended` there is nothing more.
  Result<std::optional<Line>> next();

 private:
  Done fill();

  int fd_;
  std::uint64_t offset_;  // in the file, of buffer_[start_]
  std::uint64_t number_;
  std::string buffer_;
  std::size_t start_ = 0;
  bool at_end_ = false;
};

}  // namespace sallyport
