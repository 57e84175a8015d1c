// CastFollower: a recording that is still being written, read as it grows. Runs in: sallyport.
#pragma once

#include <string>

#include "base/unique_fd.h"
#include "gateway/review/cast.h"

namespace sallyport {

class CastFollower {
 public:
  explicit CastFollower(UniqueFd recording) : recording_(std::move(recording)) {}

  // What whole lines were added since, with the header's facts; nothing at all when there is none. An Error
  // when a line is no event: nothing behind it can be trusted.
  Result<Cast> more();
  // Whether there may be more at once.
  bool is_behind() const noexcept { return behind_; }
  bool has_header() const noexcept { return !header_.empty(); }

 private:
  Done read_piece();

  UniqueFd recording_;
  std::string header_, unread_;  // a line that is not whole yet
  std::uint64_t position_ = 0;
  bool behind_ = true;
};

}  // namespace sallyport
