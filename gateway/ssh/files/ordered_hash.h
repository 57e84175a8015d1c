// OrderedHash: the SHA-256 of a file's bytes as they pass, as long as they pass in order from offset 0. A
// client asks for many pieces at once and their answers may overtake each other, so a little is kept back for
// a while; beyond that the file has no hash, and says why. Pure. Runs in: sallyport-ssh.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/sha256.h"
#include "gateway/wire/message.h"

namespace sallyport {

// Bytes that the files of one channel hold back together.
struct HeldBack {
  static constexpr std::size_t kMost = 4 * 1024 * 1024;
  std::size_t bytes = 0;
};

class OrderedHash {
 public:
  // How far ahead of the rest a piece may be.
  static constexpr std::uint64_t kWindow = 1024 * 1024;

  explicit OrderedHash(HeldBack& held) : held_(&held) {}
  OrderedHash(const OrderedHash&) = delete;
  OrderedHash& operator=(const OrderedHash&) = delete;
  ~OrderedHash() { let_go(); }

  // A piece for this offset follows, of at most so many bytes, in any fragments.
  void begin(std::uint64_t offset, std::uint64_t length);
  void add(std::string_view bytes);
  void end();
  void give_up(FileHash why);

  // `known` when everything so far was in order; then hex() is the hash of it.
  FileHash state() const noexcept;
  std::string hex() const;

 private:
  enum class Piece { none, next, ahead };
  void let_go();
  void absorb();
  Sha256& sum();

  HeldBack* held_;
  std::optional<Sha256> sum_;  // made with the first byte: many files are opened and never read
  std::uint64_t next_ = 0;     // the offset up to which all was hashed
  Piece piece_ = Piece::none;
  std::map<std::uint64_t, std::string> ahead_;
  std::string* into_ = nullptr;  // of ahead_, while piece_ is ahead
  std::optional<FileHash> lost_;
};

}  // namespace sallyport
