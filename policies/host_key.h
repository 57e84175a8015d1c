// HostKey: one SSH public key line, checked by its structure. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

struct HostKey {
  std::string type;  // "ssh-ed25519"
  std::string blob;  // RFC 4253 section 6.6, decoded

  // "ssh-ed25519 AAAA…", a comment or a host name in front is refused, a comment behind is dropped.
  // Known types: ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa of at least 2048 bits.
  static Result<HostKey> parse(std::string_view line);

  std::string line() const;            // without a comment
  std::string fingerprint() const;     // "SHA256:…" as OpenSSH prints it
  const char* label() const noexcept;  // "ED25519", "ECDSA", "RSA"
};

}  // namespace sallyport
