// What anybody who can read the records can check alone: every record of the journal, every recording it
// names. Read-only, without a lock. Runs in: sallyport.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gateway/audit/chain.h"

namespace sallyport {

// `folder_or_file` as journal_files() takes it. A torn tail is a note, not a fault: the gate may be writing.
Result<Walk> verify_journal(const std::filesystem::path& folder_or_file);

struct RecordingFault {
  std::string session, path, problem;  // e.g. "it is missing"
};
struct RecordingsCheck {
  std::uint64_t checked = 0;
  std::vector<RecordingFault> faults;
};
// Hashes every recording that a `recording.closed` of the journal names; paths are relative to `state`.
Result<RecordingsCheck> verify_recordings(const std::filesystem::path& folder_or_file,
                                          const std::filesystem::path& state);

}  // namespace sallyport
