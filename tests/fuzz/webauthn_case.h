// What the fuzzer of WebAuthn answers and its seeds know: one rep's fixed key and one challenge. Ed25519
// signs the same bytes alike each time, and base64url has one form, so there is one right answer.
#pragma once

#include "tests/unit/auth/webauthn/authenticator.h"

namespace sallyport {

struct WebauthnCase {
  Authenticator key{Signer::fixed('k'), std::string(32, 'i')};
  EnrolledKeys enrolled = key.enrolled();
  // The parts of the right answer, and the whole.
  std::string data = Authenticator::client_data({}), authenticator = Authenticator::authenticator_data({});
  std::string signature = key.signer.bare(authenticator + sha256_of(data));
  std::string right = Authenticator::joined(key.id, data, authenticator, signature);
};

}  // namespace sallyport
