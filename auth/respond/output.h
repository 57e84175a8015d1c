// What goes to standard output: answers and what was asked for, nothing else.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auth/respond/answering.h"
#include "base/result.h"

namespace sallyport {

Done print_line(std::string_view text);

// One flat object on a line: names with a text or a list of texts each.
using JsonValue = std::variant<std::string, std::vector<std::string>>;
std::string to_json(const std::vector<std::pair<std::string_view, JsonValue>>& members);
// "text" with quotes, escaped by RFC 8259; bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

// To be read aloud or copied: a short response in groups of three to five, a signature in groups of eight, a
// line for each prompt of the gate's. The gate skips spaces.
std::vector<std::string> lines_of(const Answer& answer);

}  // namespace sallyport
