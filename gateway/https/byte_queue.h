// ByteQueue: bytes that wait for whoever takes them, with room behind them that is not cleared before it is
// filled: clearing costs as much as a copy. Wiped wherever it is given up. Runs in: sallyport-https.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sallyport {

class ByteQueue {
 public:
  ByteQueue() = default;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() { release(); }

  std::string_view bytes() const noexcept { return {bytes_.get() + begin_, size()}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }

  // At least so many bytes behind what waits; what was taken before is no longer there.
  std::span<char> room(std::size_t least);
  void added(std::size_t count) noexcept { end_ += count; }
  void taken(std::size_t count) noexcept { begin_ += count; }

  // Overwrites all but what waits.
  void wipe_taken() noexcept;
  // Gives the memory back, and what waits with it.
  void release() noexcept;

 private:
  void move_to(std::unique_ptr<char[]> place, std::size_t capacity);
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace sallyport
