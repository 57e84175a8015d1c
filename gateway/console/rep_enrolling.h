// Giving a rep a new secret for the challenge, which is shown once. For rep enroll and setup. Runs in:
// sallyport.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "gateway/audit/json.h"
#include "gateway/console/context.h"

namespace sallyport {

struct SecretOptions {
  std::string name, suite;  // suite: OCRASuite of RFC 6287; empty: the one that the rep has
  bool mutual = false, one_way = false, pin_stdin = false;
};

struct Enrollment {
  nlohmann::json told;  // what the gate answered, without the secret
  Secret secret;
  std::string gate;

  nlohmann::json document() const;  // with the secret
};

Result<Enrollment> enroll_secret(ConsoleContext& context, const SecretOptions& options);
Done print_enrollment(const ConsoleContext& context, const Enrollment& enrollment, bool with_qr);

}  // namespace sallyport
