// What the fuzzers of signatures and certificates know: one rep's fixed key, one authority, one challenge,
// and what is right for them. Ed25519 signs the same bytes alike each time, so there is one right answer
// each.
#pragma once

#include "auth/ssh_signature/claim.h"
#include "tests/unit/auth/ssh_signature/signer.h"

namespace sallyport {

inline constexpr std::string_view kFuzzedChallenge = "sallyport-challenge-v1\ngateway: gw1\n";

struct SignatureCase {
  Signer key = Signer::fixed('k'), other = Signer::fixed('o'), authority = Signer::fixed('a');
  EnrolledKeys enrolled =
      EnrolledKeys::parse("key " + key.line() + "\nauthority " + authority.line() + "\n").value();
  std::string certificate_blob = certificate(other, authority);
  std::string by_key = sshsig(key, key.blob(), kFuzzedChallenge);
  std::string by_certificate = sshsig(other, certificate_blob, kFuzzedChallenge);

  SignatureClaim claim(std::string_view response) const {
    SignatureClaim made;
    made.challenge = kFuzzedChallenge;
    made.response = response;
    made.names = {"kim"};
    made.source = Address::parse("192.0.2.7").value();
    made.now = std::chrono::sys_seconds{std::chrono::seconds{1'800'000'000}};
    return made;
  }
};

}  // namespace sallyport
