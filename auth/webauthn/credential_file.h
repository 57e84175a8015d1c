// A credential as a stock tool writes it: what `fido2-cred -V` of libfido2 prints. Pure. Runs in: sallyport.
#pragma once

#include <string_view>

#include "auth/ssh_signature/enrolled_keys.h"

namespace sallyport {

// Two things and nothing else: the credential's id in Base64 on the first line, then the public key in PEM
// ("PUBLIC KEY", RFC 5280's SubjectPublicKeyInfo): ECDSA on P-256, Ed25519, or RSA of 3072 bits or more.
// Refused with what to do: a private key, and what `fido2-cred -M` prints, which nobody has verified yet.
Result<EnrolledKey> read_credential_file(std::string_view text);

}  // namespace sallyport
