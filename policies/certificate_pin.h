// A pin of a target's certificate, as files and admins write it. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

inline constexpr std::string_view kPinPrefix = "sha256//";

// "sha256//" and the Base64 of a SHA-256, as curl's --pinnedpubkey takes it; what is returned is the Base64.
Result<std::string> parse_pin(std::string_view text);

}  // namespace sallyport
