// File kinds: the white paper's table "Data Sent to IBM" (HMC Connectivity Security, March 2024): which files
// an HMC sends to IBM, and what is in them. A name is no proof of the content; it tells the expected from the
// unexpected. Pure; runs in: sallyportd.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

struct FileKind {
  // The names that belong to it: * any text, ? any byte, # one digit, everything else itself.
  std::string_view pattern;
  std::string_view description;
};

// The kind of a file with this path or name; nothing: unknown.
const FileKind* kind_of(std::string_view path) noexcept;

// Whether the whole of `name` is what `pattern` says.
bool matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace sallyport
