// Runs in: sallyportd, sallyport.
#include "gateway/audit/line_reader.h"

#include <unistd.h>

#include "gateway/audit/record.h"

namespace sallyport {

Done LineReader::fill() {
  buffer_.erase(0, start_);
  start_ = 0;
  const auto had = buffer_.size();
  buffer_.resize(had + kLongestLine);
  ssize_t got = 0;
  do {
    got = ::pread(fd_, buffer_.data() + had, kLongestLine, static_cast<off_t>(offset_ + had));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("reading");
  buffer_.resize(had + static_cast<std::size_t>(got));
  at_end_ = got == 0;
  return {};
}

Result<std::optional<Line>> LineReader::next() {
  auto newline = buffer_.find('\n', start_);
  while (newline == buffer_.npos && !at_end_ && buffer_.size() - start_ < kLongestLine) {
    RETURN_IF_ERROR(fill());
    newline = buffer_.find('\n', start_);
  }
  const bool ended = newline != buffer_.npos;
  const auto length = (ended ? newline : buffer_.size()) - start_;
  if (!ended && length == 0) return std::nullopt;
  const Line line{std::string_view{buffer_}.substr(start_, length), ++number_, offset_, ended};
  offset_ += length + (ended ? 1 : 0);
  start_ += length + (ended ? 1 : 0);
  if (!ended) at_end_ = true;
  return line;
}

}  // namespace sallyport
