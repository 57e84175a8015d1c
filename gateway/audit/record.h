// Entry and Record: what the journal is told, and what it holds. One JSON object a line (docs/JOURNAL.md).
// Runs in: sallyportd, sallyport.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "gateway/audit/json.h"

namespace sallyport {

// An event and its own fields; seq, time, prev and hash are the journal's to add.
struct Entry {
  std::string event;  // e.g. "grant.claimed"
  nlohmann::json fields = nlohmann::json::object();
};

// Longest line, with its newline: the longest command that a worker may report, all of it escaped. An entry
// that needs more is refused by the journal, so that a reader never needs more memory than this, and a
// closing record is small against the reserve kept for it.
inline constexpr std::size_t kLongestLine = 128 * 1024;

// Larger numbers are written as text, because JSON readers lose their last digits.
inline constexpr std::uint64_t kLargestNumber = (std::uint64_t{1} << 53) - 1;

// Objects and lists in one another, the record itself included: a reader's stack is bounded.
inline constexpr std::size_t kDeepest = 16;

struct Record {
  std::uint64_t seq = 0;  // 1 for the first
  WallTime time;
  std::string event;
  std::string prev;  // hash of the line before; 64 zeros for the first
  std::string hash;  // SHA-256 of the line without its hash member, lower-case hex
  nlohmann::json fields;
};

// The line without its newline: UTF-8, keys sorted, no insignificant space, `hash` computed here. Never
// fails: bytes that are not UTF-8 become U+FFFD, DEL becomes U+2421, and a number that JSON readers disagree
// about (a fraction, or 2^53 and beyond) becomes text.
std::string to_line(std::uint64_t seq, WallTime time, const std::string& prev, const Entry& entry);
// Refuses a line that is not exactly what to_line would write for its content, or whose hash is wrong.
Result<Record> parse_line(std::string_view line);
// The record of a line that was checked already (line_scan.h).
Result<Record> take_apart(std::string_view checked_line);

}  // namespace sallyport
