// Whether an answer is an enrolled key's signature of a challenge. Pure. Runs in: sallyport-auth.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/ssh_signature/enrolled_keys.h"
#include "base/endpoint.h"

namespace sallyport {

struct SignatureClaim {
  std::string_view challenge;      // the text that was shown, byte for byte
  std::string_view response;       // armoured or bare
  std::vector<std::string> names;  // the rep's, of which a certificate must bear one
  Address source;                  // where the rep's connection comes from
  std::chrono::sys_seconds now;    // for certificates
  bool user_verification = false;  // the policy wants PIN or fingerprint on a security key, and no other key
};

// Which key it was, for the record.
struct SignedBy {
  std::string fingerprint;  // of the key that signed, certified or not
  std::string type;
  std::string authority;  // fingerprint; empty when the key itself is enrolled
  std::uint64_t serial = 0;
  std::string certificate_id;
  std::optional<std::uint32_t> counter;  // of a security key; who calls must see to it that it rises
};

// Error: why it does not count. Only for the log: a peer is told nothing.
Result<SignedBy> match_signature(const EnrolledKeys& enrolled, const SignatureClaim& claim);

}  // namespace sallyport
