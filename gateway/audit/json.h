// JSON as text, and back. The templates behind it are compiled here once, because they cost each file that
// uses them seconds. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#ifdef SALLYPORT_JSON_ONCE  // not where a compiler reads the bodies anyway, to inline them
extern template class nlohmann::basic_json<>;
#endif

namespace sallyport {

// is_discarded() when it is not JSON. Nesting costs no stack. What lies deeper than `deepest` is left out.
nlohmann::json parse_json(std::string_view text);
nlohmann::json parse_json(std::string_view text, int deepest);
// It is not JSON, but only because it stops too early.
bool is_start_of_json(std::string_view text);

// Never fails: bytes that are not UTF-8 become U+FFFD. In one line, or indented.
std::string json_text(const nlohmann::json& value, int indent = -1);

}  // namespace sallyport
