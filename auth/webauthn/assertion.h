// Whether an answer is an enrolled WebAuthn key's to a challenge: W3C Web Authentication Level 2,
// section 7.2. Pure. Runs in: sallyport-auth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auth/ssh_signature/claim.h"

namespace sallyport {

// Section 6.1: what the authenticator itself says, and signs.
struct AuthenticatorData {
  std::string relying_party_hash;  // SHA-256
  bool user_present = false, user_verified = false;
  std::uint32_t counter = 0;
};
// Of an assertion for which no extension was asked: 37 bytes. With attested credential data (which
// section 6.1 forbids in assertions) or extensions (which the gate does not ask for, and section 7.2 step 18
// lets it refuse) it is refused, and so is every other length.
Result<AuthenticatorData> read_authenticator_data(std::string_view bytes);

// As the gate's page posts it: four runs of base64url, a dot between: the credential's id, clientDataJSON,
// authenticatorData, signature.
struct Assertion {
  std::string credential, client_data, authenticator_data, signature;
  static Result<Assertion> read(std::string_view response);
};

// The bytes that the browser is given: SHA-256 of the text that names gate, grant, rep, target, time and
// nonce (auth/challenge_text.h), because a challenge is bytes and no key shows them.
std::string assertion_challenge(std::string_view text);

struct AssertionClaim {
  std::string_view challenge;  // the text
  std::string_view response;
  std::string_view origin, relying_party;  // of the gate's settings
  bool user_verification = false;          // the policy wants PIN or fingerprint
};

// Which key it was, with its counter; who calls must see to it that it rises. Error: why it does not count.
// Only for the log: a peer is told nothing.
Result<SignedBy> match_assertion(const EnrolledKeys& enrolled, const AssertionClaim& claim);

}  // namespace sallyport
