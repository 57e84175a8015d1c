// PacketCutter: one direction of SFTP cut into its packets (draft-ietf-secsh-filexfer-02, section 3: a 4-byte
// length, then so many bytes), whatever fragments it comes in and without keeping more of a packet than its
// listener wants to see at once. Pure. Runs in: sallyport-ssh.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

class PacketListener {
 public:
  virtual ~PacketListener() = default;
  // How much of the packet begin() needs to see at once. `head` is what is there: its first byte, then as
  // much as was wanted before; asked until it wants no more than that. More than the packet has is never
  // given.
  virtual std::size_t wanted(std::string_view head) = 0;
  // A packet of `length` bytes begins with `head`. An error is the end of this direction.
  virtual Done begin(std::string_view head, std::uint32_t length) = 0;
  // The rest of it, in any fragments.
  virtual void more(std::string_view bytes) = 0;
  virtual void over() = 0;
};

class PacketCutter {
 public:
  // OpenSSH takes 256 KiB. What is longer is no packet, or none that its receiver would take.
  static constexpr std::uint32_t kLongest = 1024 * 1024;

  explicit PacketCutter(PacketListener& listener) : listener_(&listener) {}

  Done feed(std::string_view bytes);
  bool is_between_packets() const noexcept { return stage_ == Stage::length && head_.empty(); }

 private:
  enum class Stage { length, head, rest };
  bool collect(std::string_view& bytes);
  Done on_length();
  Done on_head();

  PacketListener* listener_;
  Stage stage_ = Stage::length;
  std::string head_;
  std::size_t wanted_ = 4;  // bytes of head_
  std::uint32_t length_ = 0;
  std::size_t left_ = 0;  // of the packet, behind head_
};

// The 4 bytes in front of a packet.
std::string packet_length(std::uint32_t length);

}  // namespace sallyport
