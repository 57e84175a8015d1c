// Reading the certificate of a target's web interface off a connected socket: the console does it, because
// the monitor never reads a peer's bytes. Nothing is sent but the handshake, and nothing is believed: a
// person compares. Runs in: sallyport.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport {

struct ShownCertificate {
  std::string subject, issuer;  // RFC 4514; not escaped for a terminal
  std::string from, until;      // "2026-03-01 10:00 UTC"
  std::string fingerprint;      // "SHA256 AB:CD:…"
  std::string pin;              // "sha256//…"
};

// `name`: what the server is called, for its choice of certificate; an address is not sent.
Result<ShownCertificate> read_certificate(UniqueFd socket, const std::string& name);

}  // namespace sallyport
