// Authenticator: a WebAuthn key of the tests' own and the browser in front of it, which say what they are
// told to, right or wrong.
#pragma once

#include <string>

#include "auth/webauthn/assertion.h"
#include "base/sha256.h"
#include "tests/unit/auth/ssh_signature/signer.h"

namespace sallyport {

inline constexpr std::string_view kWebText = "sallyport-challenge-v1\ngateway: gw1\n";

inline std::string sha256_of(std::string_view bytes) { return sha2("SHA256", bytes); }

// What a key and a browser say; the defaults are right.
struct Saying {
  std::string type = "webauthn.get", origin = "https://gate.example.com", relying_party = "gate.example.com";
  std::string challenge{kWebText};  // the text
  std::string more = R"(,"crossOrigin":false)";
  std::string client_data{};  // instead of all that
  std::uint8_t flags = 0x05;
  std::uint32_t counter = 7;
  std::string tail{};        // of the authenticator data
  std::string credential{};  // another id
};

struct Authenticator {
  Signer signer = Signer::make(KeyKind::ecdsa_p256);
  std::string id = std::string(64, 'i');

  std::string line() const {
    return "webauthn " + signer.type() + " " + to_base64(signer.blob()) + " " + to_base64url(id) + " token";
  }
  EnrolledKeys enrolled() const { return EnrolledKeys::parse(line() + "\n").value(); }

  static std::string client_data(const Saying& saying) {
    if (!saying.client_data.empty()) return saying.client_data;
    return R"({"type":")" + saying.type + R"(","challenge":")" +
           to_base64url(assertion_challenge(saying.challenge)) + R"(","origin":")" + saying.origin + "\"" +
           saying.more + "}";
  }
  static std::string authenticator_data(const Saying& saying) {
    ByteWriter writer;
    writer.u8(saying.flags);
    writer.u32(saying.counter);
    return sha256_of(saying.relying_party) + writer.bytes() + saying.tail;
  }
  // The response as the page posts it.
  std::string answer(const Saying& saying = {}) const {
    const auto data = client_data(saying), authenticator = authenticator_data(saying);
    return joined(saying.credential.empty() ? id : saying.credential, data, authenticator,
                  signer.bare(authenticator + sha256_of(data)));
  }
  static std::string joined(std::string_view credential, std::string_view data,
                            std::string_view authenticator, std::string_view signature) {
    return to_base64url(credential) + "." + to_base64url(data) + "." + to_base64url(authenticator) + "." +
           to_base64url(signature);
  }
};

inline AssertionClaim web_claim(std::string_view response) {
  AssertionClaim claim;
  claim.challenge = kWebText;
  claim.response = response;
  claim.origin = "https://gate.example.com";
  claim.relying_party = "gate.example.com";
  return claim;
}

}  // namespace sallyport
