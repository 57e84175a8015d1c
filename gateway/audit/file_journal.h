// FileJournal: the embedded journal, files of lines on a local disk, one writer a host.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"

#include "gateway/audit/file_calls.h"
#include "gateway/audit/journal.h"
#include "gateway/audit/signed_note.h"
#include "gateway/audit/walk.h"

namespace sallyport {

// Where a segment is written before it has its own name, in the journal's folder.
inline constexpr const char* kDraft = "journal.draft";

// A file that the group may read and nobody but the owner write.
Done give_to_readers(int fd, const std::optional<gid_t>& group, const std::filesystem::path& path);

struct FileJournalOptions {
  std::optional<gid_t> group;          // who may read it: the auditors
  std::uint64_t reserve = 256 * 1024;  // bytes kept on the disk for closing records
  // A new segment begins when the last one holds so much: what a start has to read.
  std::uint64_t segment_bytes = 64 * 1024 * 1024, segment_records = 20'000;
  std::chrono::hours segment_age{0};  // or began so long ago; 0: however long
  // Goes on although an earlier segment is damaged: for whoever acknowledges that.
  bool despite_earlier_damage = false;
  FileCalls calls;
};

class FileJournal final : public Journal {
 public:
  // Makes `folder` (its parent must exist) and the first file, takes the lock, walks every record of the last
  // segment, looks that the earlier ones are there and lead to it, and cuts a torn tail, which it notes with
  // `journal.recovered`. Refuses a journal that is broken anywhere else, naming file, line and what to do.
  static Result<std::unique_ptr<FileJournal>> open(const std::filesystem::path& folder, const Clock& clock,
                                                   FileJournalOptions options = {});
  // An error when a gate writes it.
  static Done not_in_use(const std::filesystem::path& folder);
  // After damage that keeps open() from succeeding: begins a segment behind the last record before it. What
  // was live then is not: a record that used it up may be among the lost ones.
  static Done begin_anew(const std::filesystem::path& folder, const Clock& clock, const Walk& damage,
                         std::span<const Entry> entries, FileJournalOptions options = {});

  Result<std::vector<Position>> append_all(std::span<const Entry> entries, Weight weight,
                                           const std::optional<Position>& only_if = std::nullopt) override;
  Done read(const Position& from, const std::function<Done(const Record&)>& each) override;
  bool snapshot_due() const override;
  Done append_snapshot(std::span<const Entry> carried) override;
  Done read_from_snapshot(const std::function<Done(const Record&)>& each) override;
  Result<std::optional<OldSegment>> oldest_segment() const override;
  Done delete_segment(const OldSegment& oldest) override;
  Position head() const override { return chain_.head(); }
  Done writable() override;
  const Frontier& tree() const noexcept { return chain_.tree(); }
  // Whether this journal continues a head that was signed. Of one that is older than the last snapshot only
  // `audit verify` can tell.
  Done continues(const TreeHead& head) const;
  // Begins a segment in which nothing of what was live is.
  Done start_over(std::span<const Entry> entries) { return begin_segment(entries, 0); }

 private:
  FileJournal(std::filesystem::path folder, const Clock& clock, FileJournalOptions options)
      : folder_(std::move(folder)), clock_(clock), options_(std::move(options)) {}

  Done take_lock();
  Done open_last_file();
  Done check_earlier(std::size_t before);
  Result<bool> earlier_fit(std::size_t before) const;
  Done replay();
  Result<std::uint64_t> walk_from_snapshot();
  Done mend(const TornTail& torn);
  Error broken_at(const Break& damage) const;

  // A segment that is whole before it has a name.
  struct Draft {
    std::string text;
    Chain chain;
    Place last;
    std::string latest;
    std::optional<WallTime> began;
  };
  Result<Draft> draft_segment(std::span<const Entry> entries, std::uint64_t carried) const;
  Result<UniqueFd> write_draft(const Draft& draft) const;
  Done keep_reserve_of_draft(int fd, std::size_t size) const;
  Done begin_segment(std::span<const Entry> entries, std::uint64_t carried);
  Done sync_names();
  void leave_out_first_file();

  Done be_sound();
  Done cut_back();
  Done check_last_line();
  Done keep_reserve();
  Done keep_reserve_by_counting();
  Result<std::vector<Position>> put(std::span<const Entry> entries);
  Done write_text(std::string_view text);
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
  bool names_unsynced_ = false;  // a new name, or that one is gone, may not survive a power loss yet
  std::optional<TornTail> torn_;
  std::string latest_;             // the latest time of any record
  std::optional<WallTime> began_;  // the time of the last segment's first record
  WalkStart snapshot_;             // what a start has to read begins behind here
  Place snapshot_end_;             // the last record of the last segment's snapshot; zeros when it has none
  std::uint64_t not_before_ = 0;   // no new segment before this record: the last try failed
  // Every so many records of the last segment, so that read() need not start at 1.
  std::vector<std::pair<Position, Place>> marks_;
};

}  // namespace sallyport
