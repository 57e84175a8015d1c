// Secret: bytes that are wiped, not copied, not printed, and compared in constant time (I9).
// Runs in: every program.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  explicit Secret(std::span<const std::byte> bytes);
  // Takes the bytes over and wipes the string they came in.
  static Secret taking(std::string&& bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // A second owner, said out loud.
  Secret clone() const { return Secret{reveal()}; }
  // The one way to the bytes: look for `reveal` to find every use.
  std::string_view reveal() const noexcept { return {bytes_.data(), bytes_.size()}; }
  std::span<const std::byte> reveal_bytes() const noexcept { return std::as_bytes(std::span{bytes_}); }
  // Time depends on the lengths only.
  bool equals(std::string_view other) const noexcept;
  bool empty() const noexcept { return bytes_.empty(); }
  std::size_t size() const noexcept { return bytes_.size(); }

 private:
  void wipe() noexcept;
  std::vector<char> bytes_;
};

// Overwrites `text` so that the compiler cannot leave it out, then empties it.
void wipe(std::string& text) noexcept;

}  // namespace sallyport
