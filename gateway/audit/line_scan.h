// LineScan: one pass over a line of a journal that finds its members and refuses any other spelling than the
// journal's own, without building the JSON. Pure; runs in: sallyportd, sallyport.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/sha256.h"

namespace sallyport {

// A line taken apart just far enough to check it. The views point into the line. `event` is as written, with
// its escapes; no event of ours has one.
struct RecordView {
  std::uint64_t seq = 0;
  std::string_view event, prev, hash, time;
  std::string_view line;
  std::size_t hash_member = 0;  // where "hash":"…", begins
};

// Accepts exactly the lines that parse_line() accepts (record.h), but for the value of the hash, which it
// does not compute. Nothing when the line is not one: parse_line() says why.
std::optional<RecordView> scan_line(std::string_view line);

// SHA-256 of the line without its hash member: what `hash` should be.
Digest hash_of(const RecordView& view, Sha256& hasher);

// Whether `hex` is the lower-case hexadecimal of `digest`.
bool is_hex_of(std::string_view hex, const Digest& digest);

// Of 64 digits that is_hex_of() or scan_line() has accepted.
Digest digest_from_hex(std::string_view hex);

}  // namespace sallyport
