// Backlog: bytes of one direction that were taken from one leg and not yet by the other. Pure. Runs in:
// sallyport-ssh.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport {

class Backlog {
 public:
  explicit Backlog(std::size_t capacity) : capacity_(capacity) {}

  std::size_t room() const noexcept { return size() < capacity_ ? capacity_ - size() : 0; }
  std::size_t size() const noexcept { return bytes_.size() - taken_; }
  bool empty() const noexcept { return size() == 0; }

  // As much as there is room for; returns how much that was.
  std::size_t take(std::string_view bytes);
  // All of them, whatever the room.
  void force(std::string_view bytes) { bytes_.append(bytes); }
  // The next bytes, at most `limit`.
  std::string_view front(std::size_t limit) const noexcept {
    return std::string_view{bytes_}.substr(taken_, limit);
  }
  // `count` bytes of the front are done with.
  void drop(std::size_t count);
  void clear() { drop(size()); }

 private:
  std::size_t capacity_;
  std::string bytes_;
  std::size_t taken_ = 0;  // of bytes_; moved down rarely, so that a short write costs no copy of the rest
};

}  // namespace sallyport
