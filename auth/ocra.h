// ocra(): the response to a question (RFC 6287). Pure.
// Runs in: sallyport-auth, sallyport-respond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "auth/ocra_suite.h"
#include "base/secret.h"

namespace sallyport {

// What the suite names must be there, and what it does not name must not: an input that silently did not
// count would promise a protection that is not there.
struct OcraInput {
  std::optional<std::uint64_t> counter;  // C
  std::string question;                  // Q
  std::string second_question;           // Q of mutual authentication (section 7.2, auth/ocra_mutual.h)
  Secret pin;                            // P: as typed, hashed here; or
  Secret pin_hash;                       // P: its hash, as long as the suite's hash is
  std::optional<std::string> session_information;  // S: shorter than the suite says is padded in front with
                                                   // zeros, as the RFC's reference implementation does
  std::optional<std::uint64_t> time_step;          // T: whole steps since 1970-01-01 00:00 UTC
};

// Decimal digits; for a suite with 0 digits the whole HMAC in lower-case hex. Errors: a missing, unexpected
// or malformed input, an empty key.
Result<std::string> ocra(const OcraSuite& suite, const Secret& key, const OcraInput& input);

// The hash of a PIN that a suite with P needs, for OcraInput::pin_hash. Error: the PIN is empty.
Result<Secret> hash_pin(OcraHash hash, const Secret& pin);

// Whether `question` may be put under `suite`: its alphabet, its length, whole bytes of hex.
Done check_question(const OcraSuite& suite, std::string_view question);

// Which step a moment falls into, for OcraInput::time_step. Needs a suite with T and a time after 1970.
std::uint64_t time_step_at(const OcraSuite& suite, std::chrono::seconds since_1970);

}  // namespace sallyport
