// Certificate: an OpenSSH certificate of a key (OpenSSH PROTOCOL.certkeys), read strictly. Pure.
// Runs in: sallyport-auth.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/ssh_signature/public_key.h"
#include "base/endpoint.h"

namespace sallyport {

struct Certificate {
  PublicKey key;        // the certified one
  PublicKey authority;  // whose signature it bears
  std::uint64_t serial = 0;
  std::uint32_t type = 0;                           // 1: of a user
  std::string id;                                   // what the authority called it
  std::vector<std::string> principals;              // whom it is good for
  std::uint64_t valid_after = 0, valid_before = 0;  // seconds since 1970: from the first, before the second
  bool verify_required = false;
  std::optional<std::vector<Network>> sources;  // from where it may be used; nothing: from anywhere

  // Structure only: whoever made it may have written anything. Critical options that this program does not
  // honour are refused (force-command among them: the gate would run something else), extensions are skipped:
  // they only ever allow more, and nothing here can be allowed by them.
  static Result<Certificate> parse(std::string_view blob);
  // That the authority has signed it, and with SHA-2.
  Done check_signature() const;

 private:
  std::string signed_part_, signature_;
};

// For whom, when and from where a certificate is to hold.
struct CertificateUse {
  std::vector<std::string> names;  // one of them must be a principal; no principals at all is nobody
  std::chrono::sys_seconds now;
  Address source;
};
Done check_use(const Certificate& certificate, const CertificateUse& use);

}  // namespace sallyport
