// Chain: which record may follow which; and the walk over every record of a journal's files.
// Runs in: sallyportd, sallyport.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "gateway/audit/journal.h"

namespace sallyport {

class Chain {
 public:
  explicit Chain(Position from = {}) : head_(std::move(from)) {}
  // The record of `line` if it continues the chain, which then stands there; else why not.
  Result<Record> take(std::string_view line);
  const Position& head() const noexcept { return head_; }

 private:
  Position head_;
};

// Where a line stands.
struct Place {
  std::size_t file = 0;                          // index into the files walked
  std::uint64_t line = 0, offset = 0, size = 0;  // size with the newline
};

// What a power loss leaves: the start of a last line that was never acknowledged.
struct TornTail {
  std::filesystem::path file;
  std::uint64_t line = 0, offset = 0, bytes = 0;
  bool only_newline_missing = false;  // the record itself is whole, and kept
};
struct Break {
  std::filesystem::path file;
  std::uint64_t line = 0;
  std::string reason;
  std::string message() const;
};
struct Walk {
  std::uint64_t records = 0;
  Position head;
  Place last;  // of the last good record
  std::optional<TornTail> torn;
  std::optional<Break> broken;  // the walk ends at the first one
};

using Visit = std::function<Done(const Record&, const Place&)>;
struct WalkStart {
  Position position;  // the walk begins behind this record
  Place place;        // file, line and offset of that record; size 0 when it is the very start
};

// Every record of `files` in order, read-only and without a lock. An Error is a file that cannot be read, or
// what `visit` returned; a broken chain is not an Error but a finding.
Result<Walk> walk_journal(const std::vector<std::filesystem::path>& files, const Visit& visit,
                          const WalkStart& start = {});

// journal-00000001.jsonl and so on, in order; for a path that is a file, that file.
Result<std::vector<std::filesystem::path>> journal_files(const std::filesystem::path& folder_or_file);

// Where the journal lies in the gate's state folder (/var/lib/sallyport).
std::filesystem::path journal_folder(const std::filesystem::path& state);

}  // namespace sallyport
