// The walk over every record of a journal's files. Runs in: sallyportd, sallyport.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/chain.h"
#include "gateway/audit/segment.h"

namespace sallyport {

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
  std::uint64_t line = 0;  // 0: the whole file
  std::string reason;
  std::string acknowledged_by = {};  // empty: by nobody yet
  std::string message() const;
};
// What a whole journal no longer holds, because the gate deleted it as old.
struct Deleted {
  std::uint64_t segments = 0, records = 0;
};
struct Walk {
  std::uint64_t records = 0;  // sound ones
  Deleted deleted;            // told only by a walk from the very start
  Position head;
  Frontier tree;       // of all records up to the head; of another size where a break hides some
  Place last;          // of the last good record
  std::string latest;  // the latest time that a record shows
  std::map<std::uint64_t, Digest> roots;  // of the sizes asked for
  std::optional<TornTail> torn;
  std::vector<Break> breaks;       // in order, the first kMostBreaks of them
  std::uint64_t broken_lines = 0;  // all of them
  std::optional<Break> broken;     // the first that no admin has acknowledged
  std::uint64_t unacknowledged = 0;
  // Where the records end that nothing casts a doubt on: before `broken`, or at the head.
  Position good_head;
  Frontier good_tree;
};
inline constexpr std::size_t kMostBreaks = 100;

using Visit = std::function<Done(const Record&, const Place&)>;
using ViewVisit = std::function<Done(const RecordView&, const Place&)>;
using BreakVisit = std::function<Done(const Break&)>;
struct WalkStart {
  Position position;   // the walk begins behind this record
  Place place;         // file, line and offset of that record; size 0 when it is the very start
  Frontier tree = {};  // of all records up to `position`; the check of trees is left out without it
  std::string latest = {};
  std::vector<std::uint64_t> roots_at = {};  // tell the tree's root at these sizes; sorted
  // The chain alone is checked: for whoever looks for something. The tree costs as much as the chain does.
  bool without_tree = false;
  // Told of each break where it stands between the records.
  BreakVisit on_break = {};
  // Where the records ended before a break that an earlier part of the same walk has met.
  std::optional<Position> whole_until = {};
};

// Every record of `files` in order, read-only and without a lock, in constant memory. An Error is a file that
// cannot be read, or what `visit` or `on_break` returned; damage is not an Error but a finding, and the walk
// goes on behind it with the next line that is a sound record by itself.
Result<Walk> walk_records(const std::vector<std::filesystem::path>& files, const ViewVisit& visit,
                          const WalkStart& start = {});
// The same with every record taken apart.
Result<Walk> walk_journal(const std::vector<std::filesystem::path>& files, const Visit& visit,
                          const WalkStart& start = {});

// Where a walk begins that is to see only what stands from file `index` on. Nothing when that file does not
// open with a sound record journal.segment.
struct SegmentStart {
  WalkStart start;
  SegmentOpening opening;
};
Result<std::optional<SegmentStart>> start_of_segment(const std::vector<std::filesystem::path>& files,
                                                     std::size_t index);
// Where a walk begins that is to see everything from `since` on: the last segment before which nothing shows
// a time as late.
Result<WalkStart> start_after(const std::vector<std::filesystem::path>& files, WallTime since);
// The last record of a file; nothing when it does not end with a sound one.
Result<std::optional<Position>> end_of_segment(const std::filesystem::path& file);

}  // namespace sallyport
