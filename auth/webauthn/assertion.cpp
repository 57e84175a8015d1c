// Runs in: sallyport-auth.
#include "auth/webauthn/assertion.h"

#include <algorithm>

#include "auth/ssh_signature/key_check.h"
#include "auth/webauthn/client_data.h"
#include "base/bytes.h"
#include "base/encoding.h"
#include "base/sha256.h"

namespace sallyport {

namespace {

constexpr std::size_t kHashSize = 32, kAuthenticatorDataSize = 37;
constexpr std::size_t kLongestAuthenticatorData = 1024, kLongestSignature = kMostRsaBits / 8;
// Section 6.1, "flags".
constexpr std::uint8_t kUserPresent = 0x01, kUserVerified = 0x04, kAttested = 0x40, kExtensions = 0x80;

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return std::string{bytes_of(hash.finish())};
}

// Takes the run before the next dot, or the rest, off the front.
std::string_view next_run(std::string_view& rest) {
  const auto end = std::min(rest.find('.'), rest.size());
  const auto run = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return run;
}

Result<std::string> read_run(std::string_view& rest, const char* what, std::size_t longest) {
  auto bytes = from_base64url(next_run(rest));
  if (!bytes) return tl::unexpected{bytes.error().within(what)};
  if (bytes->empty() || bytes->size() > longest) return fail("{} is missing or too long", what);
  return bytes;
}

Done check_authenticator(const AuthenticatorData& data, const AssertionClaim& claim) {
  if (data.relying_party_hash != sha256(claim.relying_party))
    return fail("the key answers for another site than {}", claim.relying_party);
  if (!data.user_present) return fail("the security key was not touched");
  if (claim.user_verification && !data.user_verified)
    return fail("the security key did not verify its user (PIN or fingerprint)");
  return {};
}

}  // namespace

Result<AuthenticatorData> read_authenticator_data(std::string_view bytes) {
  if (bytes.size() < kAuthenticatorDataSize) return fail("the authenticator data is cut short");
  const auto flags = static_cast<std::uint8_t>(bytes[kHashSize]);
  if ((flags & (kAttested | kExtensions)) != 0)
    return fail("the authenticator data holds what was not asked for (flags {:#04x})", flags);
  if (bytes.size() != kAuthenticatorDataSize) return fail("the authenticator data has bytes too many");
  ByteReader counter{bytes.substr(kHashSize + 1)};
  return AuthenticatorData{std::string{bytes.substr(0, kHashSize)}, (flags & kUserPresent) != 0,
                           (flags & kUserVerified) != 0, counter.u32()};
}

Result<Assertion> Assertion::read(std::string_view response) {
  auto rest = response;
  Assertion assertion;
  ASSIGN_OR_RETURN(assertion.credential, read_run(rest, "the credential's id", kLongestCredentialId));
  ASSIGN_OR_RETURN(assertion.client_data, read_run(rest, "the client data", kLongestClientData));
  ASSIGN_OR_RETURN(assertion.authenticator_data,
                   read_run(rest, "the authenticator data", kLongestAuthenticatorData));
  if (rest.find('.') != std::string_view::npos) return fail("something follows the signature");
  ASSIGN_OR_RETURN(assertion.signature, read_run(rest, "the signature", kLongestSignature));
  return assertion;
}

std::string assertion_challenge(std::string_view text) { return sha256(text); }

Result<SignedBy> match_assertion(const EnrolledKeys& enrolled, const AssertionClaim& claim) {
  ASSIGN_OR_RETURN(const auto assertion, Assertion::read(claim.response));
  // Steps 5 to 7: nothing is computed with a key that nobody enrolled for this rep. A user handle (step 6) is
  // not asked for: the rep has said who it is.
  const auto* const entry = enrolled.find_credential(assertion.credential);
  if (entry == nullptr) return fail("the credential is not enrolled for this rep");
  const auto challenge = assertion_challenge(claim.challenge);
  const auto data = check_client_data(assertion.client_data, {challenge, claim.origin});
  if (!data) return tl::unexpected{data.error().within("the client data")};
  ASSIGN_OR_RETURN(const auto authenticator, read_authenticator_data(assertion.authenticator_data));
  RETURN_IF_ERROR(check_authenticator(authenticator, claim));
  RETURN_IF_ERROR(check_bare_signature(entry->key, assertion.signature,
                                       assertion.authenticator_data + sha256(assertion.client_data)));
  SignedBy signer;
  signer.fingerprint = entry->key.fingerprint();
  signer.type = entry->key.type();
  signer.counter = authenticator.counter;
  return signer;
}

}  // namespace sallyport
