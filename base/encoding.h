// Hex, Base32 (RFC 4648 section 6, no padding), Base64 (section 4) and base64url (section 5, no padding).
// Runs in: every program.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

std::string to_hex(std::string_view bytes);  // lower case
Result<std::string> from_hex(std::string_view text);
std::string to_base32(std::string_view bytes);
Result<std::string> from_base32(
    std::string_view text);  // either case; spaces, dashes and padding are skipped
std::string to_base64(std::string_view bytes, bool padded = true);
Result<std::string> from_base64(std::string_view text);  // strict: canonical, padded, nothing else in it
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);  // strict: canonical, nothing else in it

}  // namespace sallyport
