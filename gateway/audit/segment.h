// Segment: one file of a journal. All but the first open with a record that tells what is before them, so
// that nobody who wants today's state has to read yesterday's records. Runs in: sallyportd, sallyport.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/merkle.h"
#include "gateway/audit/record.h"

namespace sallyport {

inline constexpr std::string_view kSegmentEvent = "journal.segment";
inline constexpr std::string_view kCarriedEvent = "journal.carried";
inline constexpr std::string_view kAcknowledgedEvent = "journal.damage_acknowledged";

// What journal.segment says. Behind it stand `carried` records journal.carried: what was still live.
struct SegmentOpening {
  std::uint64_t number = 2;  // of the file
  std::uint64_t carried = 0;
  Frontier tree;       // of all records before
  std::string latest;  // the latest time that any of them shows, as written; empty when there is none
};

Entry segment_entry(const SegmentOpening& opening);
Result<SegmentOpening> segment_opening(const Record& record);

// journal-00000001.jsonl; a file of another name has no number.
std::string segment_name(std::uint64_t number);
std::optional<std::uint64_t> segment_number(const std::filesystem::path& file);

// journal-00000001.jsonl and so on, in order; for a path that is a file, that file.
Result<std::vector<std::filesystem::path>> journal_files(const std::filesystem::path& folder_or_file);

// Where the journal lies in the gate's state folder (/var/lib/sallyport).
std::filesystem::path journal_folder(const std::filesystem::path& state);

}  // namespace sallyport
