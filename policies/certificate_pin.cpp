// Runs in: sallyportd, sallyport.
#include "policies/certificate_pin.h"

#include "base/encoding.h"
#include "base/escape.h"

namespace sallyport {

Result<std::string> parse_pin(std::string_view text) {
  constexpr std::size_t kPinBytes = 32;
  if (text.starts_with(kPinPrefix)) {
    const auto digest = from_base64(text.substr(kPinPrefix.size()));
    if (digest && digest->size() == kPinBytes) return std::string{text.substr(kPinPrefix.size())};
  }
  return fail(
      "\"{}\" is no pin (expected \"sha256//\" and the Base64 of a SHA-256, as curl --pinnedpubkey takes)",
      escape_terminal(text));
}

}  // namespace sallyport
