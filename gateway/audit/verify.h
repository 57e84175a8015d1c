// What anybody who can read the records can check alone: every record of the journal, every recording it
// names, every head that was signed. Read-only, without a lock. Runs in: sallyport.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gateway/audit/heads.h"
#include "gateway/audit/recording_store.h"
#include "gateway/audit/walk.h"

namespace sallyport {

struct RecordingFault {
  std::string session, path, problem;  // e.g. "it is missing"
};
struct RecordingsCheck {
  std::uint64_t checked = 0, deleted = 0;
  std::vector<RecordingFault> faults;
};

// `folder_or_file` as journal_files() takes it; a single later segment is checked from its own opening on. A
// torn tail is a note, not a fault: the gate may be writing.
Result<Walk> verify_journal(const std::filesystem::path& folder_or_file,
                            const std::vector<std::uint64_t>& roots_at = {});

// How a recording's size and hash are found; the default takes the bytes of the file as they are. `expected`
// bytes at most need to be looked at.
using RecordingHash = std::function<Result<RecordingSum>(UniqueFd, std::uint64_t expected)>;
Result<RecordingSum> hash_plain(UniqueFd file, std::uint64_t expected);

struct Verification {
  Walk walk;
  RecordingsCheck recordings;
};
// The same, and every recording that a `recording.closed` names, hashed; paths are relative to `state`. One
// that a later `recording.deleted` names with the same hash may be missing.
Result<Verification> verify_all(const std::filesystem::path& folder_or_file,
                                const std::filesystem::path& state,
                                const std::vector<std::uint64_t>& roots_at = {},
                                const RecordingHash& hash = hash_plain);

}  // namespace sallyport
