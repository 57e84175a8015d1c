// What a worker tells of files, as the journal spells it (docs/JOURNAL.md), and how much of it a session may
// write there. Pure; runs in: sallyportd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/record.h"
#include "gateway/core/grant.h"
#include "gateway/wire/message.h"

namespace sallyport {

// Refuses what no honest worker says; the worker's words are otherwise taken as they are.
Done check_file(const TellFile& told);
// session.file, session.file_changed, session.file_refused or session.files_unaccounted, without the names of
// session and grant.
Entry file_entry(const TellFile& told);
bool is_transfer(FileAct act) noexcept;

// One session's files: all are counted, and as many are listed as fit.
class FileAccount {
 public:
  // Bytes of a session's records about files. A record has about 450, so this is some 37,000 files; a worker
  // that was taken over can write no more than this.
  static constexpr std::uint64_t kMostBytes = 16 * 1024 * 1024;

  enum class Room { for_it, for_the_last_word, none };
  // Counts it, and says whether its record is written, or instead of it, once, that there are more.
  Room count(const TellFile& told, std::uint64_t record_bytes);
  // Both directions in which there were any.
  std::vector<FileTotals> totals() const;

 private:
  FileTotals sent_{FileDirection::to_target, 0, 0}, fetched_{FileDirection::from_target, 0, 0};
  std::uint64_t bytes_ = 0;
  bool full_ = false;
};

nlohmann::json files_to_json(const std::vector<FileTotals>& totals);
// What the above wrote; anything else is an error.
Result<std::vector<FileTotals>> files_from_json(const nlohmann::json& list);

}  // namespace sallyport
