// One signature by one key over some bytes, as SSH writes signatures, checked by OpenSSL. Pure.
// Runs in: sallyport-auth.
#pragma once

#include <cstdint>
#include <string_view>

#include "auth/ssh_signature/public_key.h"

namespace sallyport {

// What a security key says of the moment when it signed (PROTOCOL.u2f).
struct KeyUse {
  bool user_present = false;   // touched
  bool user_verified = false;  // PIN or fingerprint
  std::uint32_t counter = 0;   // 0: the key does not count
};

// `signature`: RFC 4253 section 6.6 and its kin: algorithm, then the signature, then what a security key
// adds. An RSA key signs with SHA-2 only. Error: the reason why it is not this key's signature over
// `message`; no trailing bytes, no second form of any number. A security key that was not touched is an Error
// too; of other keys KeyUse says nothing.
Result<KeyUse> check_key_signature(const PublicKey& key, std::string_view signature,
                                   std::string_view message);

// A signature as WebAuthn has it (Level 2, "Signature Formats for … Assertion Signatures"): ECDSA on P-256 in
// DER, Ed25519 bare, RSA PKCS#1 v1.5 with SHA-256; nothing around it. Error: it is not this key's over
// `message`.
Done check_bare_signature(const PublicKey& key, std::string_view signature, std::string_view message);

}  // namespace sallyport
