// Runs in: every program.
#include "base/sha256.h"

#include "base/check.h"
#include "base/encoding.h"

namespace sallyport {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  our_bug(!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1,
          "SHA-256 is not available");
}

void Sha256::update(std::string_view bytes) {
  our_bug(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1, "SHA-256 update");
}

Digest Sha256::finish() {
  Digest digest;
  unsigned int length = 0;
  our_bug(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1 || length != digest.size() ||
              EVP_DigestInit_ex(context_.get(), nullptr, nullptr) != 1,
          "SHA-256 final");
  return digest;
}

std::string Sha256::hex() const {
  const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> copy{EVP_MD_CTX_new()};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  our_bug(!copy || EVP_MD_CTX_copy_ex(copy.get(), context_.get()) != 1 ||
              EVP_DigestFinal_ex(copy.get(), digest, &length) != 1,
          "SHA-256 final");
  return to_hex({reinterpret_cast<const char*>(digest), length});
}

std::string Sha256::hex_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

}  // namespace sallyport
