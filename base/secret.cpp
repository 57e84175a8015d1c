// Runs in: every program.
#include "base/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace sallyport {

Secret::Secret(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}

Secret::Secret(std::span<const std::byte> bytes)
    : Secret(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()}) {}

Secret Secret::taking(std::string&& bytes) {
  std::string taken = std::move(bytes);
  Secret secret{std::string_view{taken}};
  sallyport::wipe(taken);
  sallyport::wipe(bytes);
  return secret;
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

Secret::~Secret() { wipe(); }

bool Secret::equals(std::string_view other) const noexcept {
  return other.size() == bytes_.size() && CRYPTO_memcmp(bytes_.data(), other.data(), other.size()) == 0;
}

void Secret::wipe() noexcept {
  if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

void wipe(std::string& text) noexcept {
  // The capacity beyond the size may hold what a longer value left there.
  text.resize(text.capacity());
  if (!text.empty()) OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace sallyport
