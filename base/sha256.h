// SHA-256 in pieces. Runs in: every program.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/handle.h"

namespace sallyport {

class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  std::string hex() const;  // of what was added so far; more may follow

  static std::string hex_of(std::string_view bytes);

 private:
  std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context_;
};

}  // namespace sallyport
