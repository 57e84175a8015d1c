// SFTP version 3 as on the wire: draft-ietf-secsh-filexfer-02, sections 3 to 7. Pure. Runs in: sallyport-ssh.
#pragma once

#include <cstdint>

namespace sallyport::sftp {

inline constexpr std::uint32_t kVersion = 3;

enum Type : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  setstat = 9,
  fsetstat = 10,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  rmdir = 15,
  realpath = 16,
  stat = 17,
  rename = 18,
  readlink = 19,
  symlink = 20,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attrs = 105,
  extended = 200,
  extended_reply = 201,
};

enum Status : std::uint32_t { ok = 0, eof = 1, permission_denied = 3 };

// Section 6.3.
enum OpenFlag : std::uint32_t { reads = 1, writes = 2, appends = 4, creates = 8, truncates = 16 };

// Section 5.
enum Attribute : std::uint32_t {
  has_size = 1,
  has_owner = 2,
  has_permissions = 4,
  has_times = 8,
  has_extended = 0x80000000
};

}  // namespace sallyport::sftp
