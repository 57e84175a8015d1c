// Runs in: sallyportd, sallyport.
#include "policies/parser.h"

#include <stdexcept>

// toml++ 3.3 asserts on some bad files ("[[[x]]]" is one), and compiles its assertions to undefined behaviour
// under NDEBUG. A typing error must not end the monitor: here they throw.
#ifdef NDEBUG
#error "toml++ is not safe to use with NDEBUG"
#endif
namespace sallyport {
struct TomlLibraryFault : std::logic_error {
  TomlLibraryFault() : std::logic_error("not valid TOML") {}
};
constexpr void require_of_toml(bool condition) {
  if (!condition) throw TomlLibraryFault{};
}
}  // namespace sallyport
#define TOML_ASSERT(expression) ::sallyport::require_of_toml(static_cast<bool>(expression))

// Debian 12 has toml++ 3.3, Debian 13 has 3.4; header-only with exceptions is the same in both.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/escape.h"
#include "policies/toml_characters.h"

namespace sallyport {

namespace {

TomlTable convert(const toml::table& table);

TomlNode convert(const toml::node& node) {
  TomlNode result{node.source().begin.line, TomlOther{"something else"}};
  if (const auto* text = node.as_string())
    result.value = text->get();
  else if (const auto* number = node.as_integer())
    result.value = number->get();
  else if (const auto* flag = node.as_boolean())
    result.value = flag->get();
  else if (node.is_floating_point())
    result.value = TomlOther{"a fraction"};
  else if (node.is_date() || node.is_time() || node.is_date_time())
    result.value = TomlOther{"a date or time"};
  else if (const auto* table = node.as_table())
    result.value = convert(*table);
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

bool ends_in_library_fault(std::string_view text) {
  try {
    (void)toml::parse(text);
  } catch (const TomlLibraryFault&) {
    return true;
  } catch (const std::exception&) {
    // Cut short, so anything else may be wrong with it.
  }
  return false;
}

// A fault of the library names no line. The parser reads forward only, so the fault shows in every beginning
// of the file that is long enough: the shortest one ends with the line that is wrong.
std::uint32_t line_of_library_fault(std::string_view text) {
  std::vector<std::size_t> ends;  // of line 1, 2, …
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    ends.push_back(at + 1);
  ends.push_back(text.size());
  const auto too_short = [&](std::size_t end) { return !ends_in_library_fault(text.substr(0, end)); };
  const auto first = std::partition_point(ends.begin(), ends.end(), too_short);
  return static_cast<std::uint32_t>(first - ends.begin()) + 1;
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
  if (auto bad = check_toml_characters(text)) return tl::unexpected{*std::move(bad)};
  try {
    return convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return tl::unexpected{SyntaxError{error.source().begin.line, escape_terminal(error.description())}};
  } catch (const TomlLibraryFault& fault) {
    return tl::unexpected{SyntaxError{line_of_library_fault(text), fault.what()}};
  } catch (const std::exception& error) {
    return tl::unexpected{SyntaxError{0, escape_terminal(error.what())}};
  }
}

std::string to_toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04X}", byte);
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace sallyport
