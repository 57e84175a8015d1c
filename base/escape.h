// Makes text from outside safe to show on a terminal or in a log line. Runs in: every program.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

// Valid, printable UTF-8 passes; control characters (C0, DEL, C1), bidirectional overrides, line and
// paragraph separators and invalid bytes become \xNN or \u{NNNN}; a backslash becomes two, so that the
// result is unambiguous.
std::string escape_terminal(std::string_view text);

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

}  // namespace sallyport
