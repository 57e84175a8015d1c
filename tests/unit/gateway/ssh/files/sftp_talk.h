// Packets of SFTP as a client and a server make them, and a follower between them. Runs in: unit tests.
#pragma once

#include <random>
#include <vector>

#include "base/bytes.h"
#include "gateway/ssh/files/sftp_follower.h"
#include "tests/catch.h"

namespace sallyport::talk {

class Packet {
 public:
  explicit Packet(std::uint8_t type) { body_.u8(type); }
  Packet& u32(std::uint32_t value) { return body_.u32(value), *this; }
  Packet& u64(std::uint64_t value) { return body_.u64(value), *this; }
  Packet& text(std::string_view value) { return body_.text(value), *this; }
  operator std::string() const {  // NOLINT: a packet is its bytes
    ByteWriter packet;
    packet.text(body_.bytes());
    return packet.bytes();
  }

 private:
  ByteWriter body_;
};

inline std::string init(std::uint32_t version = 3) { return Packet{sftp::init}.u32(version); }
inline std::string version(std::uint32_t number = 3) {
  return Packet{sftp::version}.u32(number).text("posix-rename@openssh.com").text("1");
}
inline std::string open(std::uint32_t id, std::string_view path, std::uint32_t flags) {
  return Packet{sftp::open}.u32(id).text(path).u32(flags).u32(0);
}
inline std::string read(std::uint32_t id, std::string_view handle, std::uint64_t offset,
                        std::uint32_t length) {
  return Packet{sftp::read}.u32(id).text(handle).u64(offset).u32(length);
}
inline std::string write(std::uint32_t id, std::string_view handle, std::uint64_t offset,
                         std::string_view data) {
  return Packet{sftp::write}.u32(id).text(handle).u64(offset).text(data);
}
inline std::string close(std::uint32_t id, std::string_view handle) {
  return Packet{sftp::close}.u32(id).text(handle);
}
inline std::string on_path(std::uint8_t type, std::uint32_t id, std::string_view path) {
  return Packet{type}.u32(id).text(path).u32(0);
}
inline std::string status(std::uint32_t id, std::uint32_t code = sftp::ok) {
  return Packet{sftp::status}.u32(id).u32(code).text("words").text("en");
}
inline std::string handle(std::uint32_t id, std::string_view name) {
  return Packet{sftp::handle}.u32(id).text(name);
}
inline std::string data(std::uint32_t id, std::string_view bytes) {
  return Packet{sftp::data}.u32(id).text(bytes);
}
inline std::string attributes(std::uint32_t id, std::uint64_t size) {
  return Packet{sftp::attrs}.u32(id).u32(sftp::has_size).u64(size);
}

// What follows it up, and how it cuts what it is given.
enum class Cut { whole, bytewise, random };

struct Talk {
  explicit Talk(FilesAllowed allowed = FilesAllowed::both, Cut how = Cut::whole)
      : cut(how), follower(allowed, [this](TellFile&& told) { files.push_back(std::move(told)); }) {}

  bool rep(const std::string& bytes) { return feed(bytes, &SftpFollower::from_rep); }
  bool target(const std::string& bytes) { return feed(bytes, &SftpFollower::from_target); }
  bool begin() { return rep(init()) && target(version()); }

  Cut cut;
  std::vector<TellFile> files;
  std::string to_target, to_rep;  // when it edits
  Done last;
  SftpFollower follower;

 private:
  bool feed(std::string_view bytes, Done (SftpFollower::*way)(std::string_view)) {
    while (!bytes.empty() && last) {
      const auto piece = bytes.substr(0, next_length(bytes.size()));
      bytes.remove_prefix(piece.size());
      last = (follower.*way)(piece);
      to_target += follower.to_target();
      to_rep += follower.to_rep();
    }
    return last.has_value();
  }
  std::size_t next_length(std::size_t left) {
    if (cut == Cut::whole) return left;
    return cut == Cut::bytewise ? 1 : 1 + random_() % 40;
  }
  std::minstd_rand random_{7};
};

}  // namespace sallyport::talk
