// TOML text as a small tree of values that all know their line. The library ends here: no other file sees it.
// Pure; runs in: sallyportd, sallyport.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

namespace sallyport {

struct TomlNode;
struct TomlMember;
using TomlList = std::vector<TomlNode>;
using TomlTable = std::vector<TomlMember>;  // in the order of the lines

// A float, a date or a time: nothing of ours takes one, so only its kind is kept.
struct TomlOther {
  const char* kind = "";
};

struct TomlNode {
  std::uint32_t line = 0;
  std::variant<std::string, std::int64_t, bool, TomlOther, TomlList, TomlTable> value;

  // "a string", "a list", … as a sentence about it would say.
  const char* kind() const noexcept;
};

struct TomlMember {
  std::string key;
  std::uint32_t line = 0;
  TomlNode node;
};

struct SyntaxError {
  std::uint32_t line = 0;
  std::string text;
};

// TOML 1.0. The bytes may be anything.
tl::expected<TomlTable, SyntaxError> parse_toml(std::string_view text);

// A basic string of TOML with its quotes, whatever is in it.
std::string to_toml_string(std::string_view text);

}  // namespace sallyport
