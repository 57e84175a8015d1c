// OcraSecret: what a rep's secret file holds (secrets/reps/NAME). Pure. Runs in: sallyportd, sallyport-auth.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "auth/ocra_suite.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

inline constexpr std::size_t kSecretFileLimit = 4096;
inline constexpr std::size_t kShortestOcraKey = 16;  // bytes; RFC 4226 R6
inline constexpr std::size_t kShortestPin = 4, kLongestPin = 32;

// The file, a line each, nothing else in it:
//   JBSWY3DPEHPK3PXP…     the key in Base32
//   pin-sha256 HEX        for a suite with P: the PIN's hash, as RFC 6287 section 5.1 wants it (sha1, sha256,
//                         sha512: the suite's)
// A file of one line, as earlier versions wrote it, is one without a PIN.
struct OcraSecret {
  struct Pin {
    OcraHash kind;
    Secret hash;
  };
  Secret key;
  std::optional<Pin> pin{};

  // Error: not of that form; a key of less than 16 bytes. It never names what it read.
  static Result<OcraSecret> parse(const Secret& text);
  Secret text() const;
};

// Whether people can agree on `pin`: 4 to 32 printable ASCII characters without spaces.
Done check_pin(const Secret& pin);

}  // namespace sallyport
