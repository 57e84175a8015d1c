// SHA-256 in pieces. Runs in: every program.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/handle.h"

namespace sallyport {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  Digest finish();          // of what was added so far; then it begins anew, without another allocation
  std::string hex() const;  // of what was added so far; more may follow

  static std::string hex_of(std::string_view bytes);

 private:
  std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context_;
};

inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace sallyport
