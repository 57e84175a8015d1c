// What the fuzzer of WebAuthn answers and its seeds know: one rep's fixed key and one challenge. Ed25519
// signs the same bytes alike each time, and base64url has one form, so there is one right answer.
#pragma once

#include "tests/unit/auth/webauthn/authenticator.h"

namespace sallyport {

struct WebauthnCase {
  Authenticator key{Signer::fixed('k'), std::string(32, 'i')};
  EnrolledKeys enrolled = key.enrolled();
  std::string right = key.answer();
};

}  // namespace sallyport
