// Runs in: sallyport-auth.
#include "auth/ssh_signature/claim.h"

#include "auth/ssh_signature/certificate.h"
#include "auth/ssh_signature/key_check.h"
#include "auth/ssh_signature/sshsig.h"

namespace sallyport {

namespace {

// Who may have signed, by the key in the signature: nothing is computed with a key that nobody enrolled.
struct Signer {
  PublicKey key;
  bool verify_required = false;
  SignedBy record;
};

Result<Signer> enrolled_signer(const EnrolledKeys& enrolled, const std::string& blob) {
  ASSIGN_OR_RETURN(auto key, PublicKey::parse(blob));
  if (enrolled.find(KeyRole::key, key) == nullptr)
    return fail("the key {} is not enrolled for this rep", key.fingerprint());
  Signer signer;
  signer.key = std::move(key);
  return signer;
}

Result<Signer> certified_signer(const EnrolledKeys& enrolled, const std::string& blob,
                                const SignatureClaim& claim) {
  ASSIGN_OR_RETURN(auto certificate, Certificate::parse(blob));
  const auto authority = certificate.authority.fingerprint();
  if (enrolled.find(KeyRole::authority, certificate.authority) == nullptr)
    return fail("the authority {} is not enrolled for this rep", authority);
  RETURN_IF_ERROR(certificate.check_signature());
  RETURN_IF_ERROR(check_use(certificate, {claim.names, claim.now, claim.source}));
  Signer signer;
  signer.record.authority = authority;
  signer.record.serial = certificate.serial;
  signer.record.certificate_id = certificate.id;
  signer.verify_required = certificate.verify_required;
  signer.key = std::move(certificate.key);
  return signer;
}

Result<Signer> signer_of(const EnrolledKeys& enrolled, const std::string& blob, const SignatureClaim& claim) {
  ByteReader reader{blob};
  const auto type = reader.text(256);
  if (reader.failed()) return fail("the signature names no key");
  return is_certificate_type(type) ? certified_signer(enrolled, blob, claim)
                                   : enrolled_signer(enrolled, blob);
}

// Both the policy's wish and a certificate's verify-required can only be met by a security key.
Done check_verification(const Signer& signer, const SignatureClaim& claim, const KeyUse& use) {
  if (!claim.user_verification && !signer.verify_required) return {};
  if (!signer.key.is_security_key())
    return fail("a security key that verifies its user is required, and {} is none",
                signer.key.fingerprint());
  if (!use.user_verified) return fail("the security key did not verify its user (PIN or fingerprint)");
  return {};
}

}  // namespace

Result<SignedBy> match_signature(const EnrolledKeys& enrolled, const SignatureClaim& claim) {
  ASSIGN_OR_RETURN(const auto sig, SshSig::read(claim.response));
  ASSIGN_OR_RETURN(auto signer, signer_of(enrolled, sig.key, claim));
  ASSIGN_OR_RETURN(const auto use,
                   check_key_signature(signer.key, sig.signature, sig.signed_data(claim.challenge)));
  RETURN_IF_ERROR(check_verification(signer, claim, use));
  auto record = std::move(signer.record);
  record.fingerprint = signer.key.fingerprint();
  record.type = signer.key.type();
  if (signer.key.is_security_key()) record.counter = use.counter;
  return record;
}

}  // namespace sallyport
