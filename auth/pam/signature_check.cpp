// Runs in: sallyport-auth (root, one process a login).
#include "auth/pam/signature_check.h"

#include "auth/ssh_signature/claim.h"
#include "auth/webauthn/assertion.h"
#include "base/file.h"
#include "base/log.h"

namespace sallyport {

namespace {

Result<EnrolledKeys> read_keys(const std::string& path) {
  ASSIGN_OR_RETURN(const auto text, read_trusted_file(path, Trust::secret_of_root, kLongestKeysFile));
  auto keys = EnrolledKeys::parse(text);
  if (!keys) return tl::unexpected{keys.error().within(path)};
  return keys;
}

SignatureVerdict verdict_of(const SignedBy& signer) {
  SignatureVerdict verdict;
  verdict.ok = true;
  verdict.key = signer.fingerprint;
  verdict.key_type = signer.type;
  verdict.authority = signer.authority;
  verdict.serial = signer.serial;
  verdict.certificate_id = signer.certificate_id;
  verdict.counts = signer.counter.has_value();
  verdict.counter = signer.counter.value_or(0);
  return verdict;
}

Result<SignedBy> check(const EnrolledKeys& keys, const CheckSignature& ask) {
  SignatureClaim claim;
  claim.challenge = ask.challenge;
  claim.response = ask.response.reveal();
  claim.names = {ask.rep, ask.account};
  ASSIGN_OR_RETURN(claim.source, Address::parse(ask.source));
  claim.now = std::chrono::sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(ask.wall_seconds)}};
  claim.user_verification = ask.user_verification;
  return match_signature(keys, claim);
}

Result<SignedBy> check(const EnrolledKeys& keys, const CheckAssertion& ask) {
  return match_assertion(
      keys, {ask.challenge, ask.response.reveal(), ask.origin, ask.relying_party, ask.user_verification});
}

template <class AskAboutKeys>
SignatureVerdict check_with(const std::string& file, const AskAboutKeys& ask) {
  const auto keys = read_keys(file);
  if (!keys) {
    log_error("a signature could not be checked: {}; enrol the representative again: sallyport rep enroll",
              keys.error().message());
    return {};
  }
  const auto signer = check(*keys, ask);
  if (signer) return verdict_of(*signer);
  log_info("a signature for rep {} does not count: {}", ask.rep, signer.error().message());
  return {};
}

}  // namespace

SignatureVerdict check_signature(const CheckSignature& ask) { return check_with(ask.keys_file, ask); }
SignatureVerdict check_assertion(const CheckAssertion& ask) { return check_with(ask.credentials_file, ask); }

}  // namespace sallyport
