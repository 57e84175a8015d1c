// Any bytes as a public key, a certificate, or a file of keys: what is read is written the same again, and no
// other certificate than the authority's own bears its signature. Runs in: a test program.
#include <cstdint>

#include "auth/ssh_signature/certificate.h"
#include "base/check.h"
#include "tests/fuzz/signature_case.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  static const SignatureCase fixed;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (const auto key = PublicKey::parse(bytes)) our_bug(key->blob != bytes, "a key that changes");
  if (const auto keys = parse_public_keys(bytes, KeyRole::key)) {
    EnrolledKeys file{*keys};
    our_bug(!EnrolledKeys::parse(file.text()), "a file of keys that cannot be read again");
  }
  const auto certificate = Certificate::parse(bytes);
  if (!certificate) return 0;
  const bool is_ours = certificate->authority == fixed.authority.public_key();
  if (is_ours && certificate->check_signature())
    our_bug(bytes != fixed.certificate_blob, "a certificate that nobody made");
  const CertificateUse use{{"kim"}, std::chrono::sys_seconds{}, Address::parse("192.0.2.7").value()};
  if (check_use(*certificate, use)) our_bug(certificate->principals.empty(), "a certificate for nobody");
  return 0;
}
