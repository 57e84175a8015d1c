// Segments that are gone because the gate deleted them as old: only ever the oldest, each after a record that
// says so. What is not on record is missing. Runs in: sallyportd, sallyport, sallyport-send,
// sallyport-metrics.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/walk.h"

namespace sallyport {

inline constexpr std::string_view kSegmentDeletedEvent = "journal.segment_deleted";

// What such a record says.
struct SegmentDeletion {
  std::uint64_t number = 0;     // of the segment
  Position end;                 // its last record: what is left goes on behind it
  std::string latest;           // the latest time of any record up to there, as written
  std::string sha256;           // of the whole file, for whoever holds a copy
  std::uint32_t keep_days = 0;  // the settings keep none longer
  std::string by;
};
Entry deletion_entry(const SegmentDeletion& deletion);

// Where a walk of a whole journal begins: at record 1, or with the first segment that is left. Nothing when
// earlier ones are gone and no sound record says why, or that segment does not open soundly. Reads from the
// last file back to the record, which is seldom far, and nothing at all while segment 1 is there.
Result<std::optional<WalkStart>> start_of_journal(const std::vector<std::filesystem::path>& files);

}  // namespace sallyport
