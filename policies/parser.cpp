// Runs in: sallyportd, sallyport.
#include "policies/parser.h"

// Debian 12 has toml++ 3.3, Debian 13 has 3.4; header-only with exceptions is the same in both.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/escape.h"

namespace sallyport {

namespace {

TomlTable convert(const toml::table& table);

TomlNode convert(const toml::node& node) {
  TomlNode result{node.source().begin.line, TomlOther{"something else"}};
  if (const auto* text = node.as_string()) result.value = text->get();
  else if (const auto* number = node.as_integer()) result.value = number->get();
  else if (const auto* flag = node.as_boolean()) result.value = flag->get();
  else if (node.is_floating_point()) result.value = TomlOther{"a fraction"};
  else if (node.is_date() || node.is_time() || node.is_date_time()) result.value = TomlOther{"a date or time"};
  else if (const auto* table = node.as_table()) result.value = convert(*table);
  else if (const auto* array = node.as_array()) {
    TomlList list;
    for (const auto& item : *array) list.push_back(convert(item));
    result.value = std::move(list);
  }
  return result;
}

TomlTable convert(const toml::table& table) {
  TomlTable members;
  for (const auto& [key, node] : table)
    members.push_back({std::string{key.str()}, key.source().begin.line, convert(node)});
  const auto earlier = [](const TomlMember& a, const TomlMember& b) { return a.line < b.line; };
  std::stable_sort(members.begin(), members.end(), earlier);
  return members;
}

}  // namespace

const char* TomlNode::kind() const noexcept {
  struct Kind {
    const char* operator()(const std::string&) const { return "a string"; }
    const char* operator()(std::int64_t) const { return "a number"; }
    const char* operator()(bool) const { return "true or false"; }
    const char* operator()(const TomlOther& other) const { return other.kind; }
    const char* operator()(const TomlList&) const { return "a list"; }
    const char* operator()(const TomlTable&) const { return "a table"; }
  };
  return std::visit(Kind{}, value);
}

tl::expected<TomlTable, SyntaxError> parse_toml(std::string_view text) {
  try {
    return convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return tl::unexpected{SyntaxError{error.source().begin.line, escape_terminal(error.description())}};
  } catch (const std::exception& error) {
    return tl::unexpected{SyntaxError{0, escape_terminal(error.what())}};
  }
}

std::string to_toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte == 0x7f) out += fmt::format("\\u{:04X}", byte);
    else out += c;
  }
  return out + "\"";
}

}  // namespace sallyport
