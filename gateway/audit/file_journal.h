// FileJournal: the embedded journal, one file of lines on a local disk, one writer a host.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "gateway/audit/chain.h"
#include "gateway/audit/file_calls.h"
#include "gateway/audit/journal.h"

namespace sallyport {

struct FileJournalOptions {
  std::optional<gid_t> group;          // who may read it: the auditors
  std::uint64_t reserve = 256 * 1024;  // bytes kept on the disk for closing records
  FileCalls calls;
};

class FileJournal final : public Journal {
 public:
  // Makes `folder` (its parent must exist) and the first file, takes the lock, walks every record, and cuts a
  // torn tail, which it notes with `journal.recovered`. Refuses a journal that is broken anywhere else,
  // naming file, line and what to do.
  static Result<std::unique_ptr<FileJournal>> open(const std::filesystem::path& folder, const Clock& clock,
                                                   FileJournalOptions options = {});

  Result<Position> append(const Entry& entry, Weight weight,
                          const std::optional<Position>& only_if = std::nullopt) override;
  Done read(const Position& from, const std::function<Done(const Record&)>& each) override;
  Position head() const override { return chain_.head(); }
  Done writable() override;

 private:
  FileJournal(std::filesystem::path folder, const Clock& clock, FileJournalOptions options)
      : folder_(std::move(folder)), clock_(clock), options_(std::move(options)) {}

  Done take_lock();
  Done open_last_file();
  Done replay();
  Done mend(const TornTail& torn);

  Done be_sound();
  Done cut_back();
  Done check_last_line();
  Done keep_reserve();
  Done keep_reserve_by_counting();
  Done put(const Entry& entry);
  Done write_line(std::string_view line);
  void remember(const Position& position, const Place& place);
  Error disk_error(std::string_view doing, int code) const;

  std::filesystem::path folder_;
  const Clock& clock_;
  FileJournalOptions options_;
  UniqueFd lock_, fd_;
  std::vector<std::filesystem::path> files_;
  Chain chain_;
  Place last_;                     // of the last acknowledged record; zeros when there is none
  std::uint64_t reserved_to_ = 0;  // the disk has room for the file up to here
  bool doubtful_ = false;  // a write or sync failed: nothing is believed until be_sound() looked again
  std::optional<std::uint64_t> recovered_;  // bytes cut, still to be noted
  std::vector<std::pair<Position, Place>>
      marks_;  // every so many records, so that read() need not start at 1
};

}  // namespace sallyport
