// Runs in: sallyport-https.
#include "gateway/https/byte_queue.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sallyport {

std::span<char> ByteQueue::room(std::size_t least) {
  if (empty()) begin_ = end_ = 0;
  if (capacity_ - end_ < least) {
    const auto needed = size() + least;
    if (needed <= capacity_) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, size());
      end_ -= std::exchange(begin_, 0);
    } else {
      const auto capacity = std::max(needed, 2 * capacity_);
      move_to(std::make_unique_for_overwrite<char[]>(capacity), capacity);
    }
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

void ByteQueue::move_to(std::unique_ptr<char[]> place, std::size_t capacity) {
  const auto waiting = size();
  if (waiting != 0) std::memcpy(place.get(), bytes_.get() + begin_, waiting);
  release();
  bytes_ = std::move(place);
  capacity_ = capacity;
  end_ = waiting;
}

void ByteQueue::wipe_taken() noexcept {
  if (begin_ != 0) OPENSSL_cleanse(bytes_.get(), begin_);
  if (capacity_ != end_) OPENSSL_cleanse(bytes_.get() + end_, capacity_ - end_);
}

void ByteQueue::release() noexcept {
  if (bytes_) OPENSSL_cleanse(bytes_.get(), capacity_);
  bytes_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace sallyport
