// Which characters may stand where in TOML, looked at before the library sees the text. toml++ 3.3 runs into
// undefined behaviour on many letters where it asks whether one is white space; TOML allows them in comments
// and in strings only, and there it does not ask. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <optional>
#include <string_view>

#include "policies/parser.h"

namespace sallyport {

// The first character that must not stand where it does, or nothing.
std::optional<SyntaxError> check_toml_characters(std::string_view text);

}  // namespace sallyport
