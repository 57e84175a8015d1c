// Good conversations to begin from. Runs in: test programs.
#pragma once

#include "tests/fuzz/file_conversation.h"

namespace sallyport::conversation {

// Without Catch: the fuzzers are built without it.
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

inline std::string status(std::uint32_t id, std::uint32_t code) {
  return Packet{sftp::status}.u32(id).u32(code).text("").text("");
}

inline Conversation sftp_greeting() {
  return {{false, Packet{sftp::init}.u32(3)},
          {true, Packet{sftp::version}.u32(3).text("limits@openssh.com").text("1")}};
}

inline Conversation sftp_upload() {
  auto talk = sftp_greeting();
  talk.push_back({false, Packet{sftp::open}.u32(1).text("/a").u32(sftp::writes | sftp::creates).u32(0)});
  talk.push_back({true, Packet{sftp::handle}.u32(1).text("h")});
  talk.push_back({false, Packet{sftp::write}.u32(2).text("h").u64(0).text("first ")});
  talk.push_back({false, Packet{sftp::write}.u32(3).text("h").u64(6).text("second")});
  talk.push_back({true, status(2, 0) + status(3, 0)});
  talk.push_back({false, Packet{sftp::fsetstat}.u32(4).text("h").u32(4).u32(0644)});
  talk.push_back({true, status(4, 0)});
  talk.push_back({false, Packet{sftp::close}.u32(5).text("h")});
  talk.push_back({true, status(5, 0)});
  return talk;
}

inline Conversation sftp_download() {
  auto talk = sftp_greeting();
  talk.push_back({false, Packet{sftp::lstat}.u32(1).text("/a")});
  talk.push_back({true, Packet{sftp::attrs}.u32(1).u32(1).u64(8)});
  talk.push_back({false, Packet{sftp::open}.u32(2).text("/a").u32(sftp::reads).u32(0)});
  talk.push_back({true, Packet{sftp::handle}.u32(2).text("h")});
  talk.push_back({false, std::string{Packet{sftp::read}.u32(3).text("h").u64(0).u32(4)} +
                             std::string{Packet{sftp::read}.u32(4).text("h").u64(4).u32(4)}});
  talk.push_back({true, std::string{Packet{sftp::data}.u32(4).text("more")} +
                            std::string{Packet{sftp::data}.u32(3).text("some")}});
  talk.push_back({false, Packet{sftp::read}.u32(5).text("h").u64(8).u32(4)});
  talk.push_back({true, status(5, 1)});
  talk.push_back({false, Packet{sftp::close}.u32(6).text("h")});
  talk.push_back({true, status(6, 0)});
  return talk;
}

inline Conversation sftp_changes() {
  auto talk = sftp_greeting();
  talk.push_back({false, Packet{sftp::opendir}.u32(1).text("/")});
  talk.push_back({true, Packet{sftp::handle}.u32(1).text("d")});
  talk.push_back({false, Packet{sftp::readdir}.u32(2).text("d")});
  talk.push_back({true, Packet{sftp::name}.u32(2).u32(1).text("a").text("-rw").u32(0)});
  talk.push_back({false, Packet{sftp::remove}.u32(3).text("/a")});
  talk.push_back({false, Packet{sftp::rename}.u32(4).text("/b").text("/c")});
  talk.push_back({false, Packet{sftp::mkdir}.u32(5).text("/d").u32(0)});
  talk.push_back(
      {false, Packet{sftp::extended}.u32(6).text("posix-rename@openssh.com").text("/d").text("/e")});
  talk.push_back({false, Packet{sftp::extended}.u32(7).text("limits@openssh.com")});
  talk.push_back({false, Packet{sftp::symlink}.u32(8).text("/f").text("/g")});
  talk.push_back({true, status(3, 0) + status(4, 0) + status(5, 0) + status(6, 0)});
  talk.push_back({true, std::string{Packet{sftp::extended_reply}.u32(7).u64(1)} + status(8, 0)});
  return talk;
}

inline Conversation scp_upload() {
  const std::string zero(1, '\0');
  return {{true, zero},
          {false, "T1 0 1 0\n"},
          {true, zero},
          {false, "D0755 0 d\n"},
          {true, zero},
          {false, "C0644 5 a\n"},
          {true, zero},
          {false, "hello" + zero},
          {true, zero},
          {false, "C0600 0 b\n"},
          {true, "\1scp: b: no\n"},
          {false, "E\n"},
          {true, zero}};
}

// The same seen from the other side.
inline Conversation scp_download() {
  auto talk = scp_upload();
  for (auto& said : talk) said.by_target = !said.by_target;
  return talk;
}

}  // namespace sallyport::conversation
