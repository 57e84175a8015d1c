// Runs in: sallyport-ssh.
#include "gateway/ssh/backlog.h"

#include <algorithm>

#include "base/check.h"

namespace sallyport {

std::size_t Backlog::take(std::string_view bytes) {
  const auto count = std::min(bytes.size(), room());
  bytes_.append(bytes.substr(0, count));
  return count;
}

void Backlog::drop(std::size_t count) {
  our_bug(count > size(), "dropping more than the backlog holds");
  taken_ += count;
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
  } else if (taken_ >= capacity_) {
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
}

}  // namespace sallyport
