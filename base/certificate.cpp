// Runs in: everything.
#include "base/certificate.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>

#include "base/encoding.h"

namespace sallyport {

std::string certificate_pin(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return "";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  const bool hashed = EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &digest_size,
                                 EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  return hashed ? to_base64({reinterpret_cast<const char*>(digest.data()), digest_size}) : "";
}

std::string certificate_fingerprint(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  std::string text = "SHA256 ";
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest.at(i));
  return text;
}

}  // namespace sallyport
