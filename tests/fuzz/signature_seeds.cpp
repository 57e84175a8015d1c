// signature_seeds FOLDER: writes the seed corpora of the fuzzers of signatures, certificates and challenges,
// FOLDER/NAME. Runs in: a build.
#include <filesystem>
#include <fstream>

#include "auth/challenge_text.h"
#include "tests/fuzz/signature_case.h"

namespace {

void put(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << bytes;
}

std::string challenge() {
  sallyport::ChallengeText text;
  text.gateway = "gw1";
  text.host_key = "SHA256:" + std::string(43, 'k');
  text.grant = "g-k7xqm";
  text.rep = "kim";
  text.target = "hmc1";
  text.services = {"ssh", "https"};
  text.expires = text.time + std::chrono::seconds{120};
  text.nonce = std::string(32, '0');
  return sallyport::signature_prompt(text).value();
}

}  // namespace

int main(int count, char** values) {
  using namespace sallyport;
  if (count != 2) return 2;
  const std::filesystem::path folder{values[1]};
  const SignatureCase fixed;
  put(folder / "sshsig/armoured", armoured(fixed.by_key));
  put(folder / "sshsig/bare", to_base64(fixed.by_key));
  put(folder / "sshsig/bytes", fixed.by_key);
  put(folder / "sshsig/certified", fixed.by_certificate);
  put(folder / "certificate/plain", fixed.certificate_blob);
  // Another authority's: of the fuzzers' own there is one certificate only, and whatever else bears its
  // signature is a find.
  const auto stranger = Signer::fixed('s');
  CertificateFields fields;
  fields.critical = {{"source-address", packed("192.0.2.0/24")}, {"verify-required", ""}};
  put(folder / "certificate/options", certificate(fixed.other, stranger, fields));
  for (int kind = 0; kind <= static_cast<int>(KeyKind::sk_ecdsa_p256); ++kind) {
    const auto signer = Signer::make(static_cast<KeyKind>(kind));
    put(folder / ("certificate/key-" + std::to_string(kind)), signer.blob());
    put(folder / ("certificate/line-" + std::to_string(kind)), signer.line());
    put(folder / ("certificate/of-" + std::to_string(kind)), certificate(signer, stranger));
  }
  put(folder / "challenge_text/prompt", challenge());
  put(folder / "challenge_text/text", text_in_signature_prompt(challenge()).value());
  put(folder / "challenge_text/part", signature_part_prompt(2));
  return 0;
}
