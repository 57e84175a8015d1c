// How a FileJournal begins a segment: written and synced under another name, then renamed, so that after a
// crash at any instruction it is there whole or not at all. Runs in: sallyportd (privileged).
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"
#include "gateway/audit/file_journal.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRecordsBeforeNextTry = 100;

}  // namespace

// What a snapshot itself takes does not count: one that is as long as a segment must not call for the next.
bool FileJournal::snapshot_due() const {
  const auto bytes = last_.offset + last_.size - std::min(snapshot_end_.offset, last_.offset);
  const auto records = last_.line - std::min(snapshot_end_.line, last_.line);
  const bool is_old = options_.segment_age.count() > 0 && records > 0 && began_ &&
                      clock_.wall() - *began_ >= options_.segment_age;
  return (bytes >= options_.segment_bytes || records >= options_.segment_records || is_old) &&
         head().seq >= not_before_;
}

Done FileJournal::append_snapshot(std::span<const Entry> carried) {
  auto begun = begin_segment(carried, carried.size());
  if (!begun) not_before_ = head().seq + kRecordsBeforeNextTry;
  return begun;
}

Done FileJournal::read_from_snapshot(const std::function<Done(const Record&)>& each) {
  ASSIGN_OR_RETURN(const auto walk, walk_records(
                                        files_,
                                        [&](const RecordView& view, const Place&) -> Done {
                                          if (view.seq > head().seq) return {};  // never acknowledged
                                          ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
                                          return each(record);
                                        },
                                        snapshot_));
  if (walk.broken) return tl::unexpected{broken_at(*walk.broken)};
  if (walk.head.seq < head().seq) return fail("the journal lost its records after {}", walk.head.seq);
  return {};
}

Result<FileJournal::Draft> FileJournal::draft_segment(std::span<const Entry> entries,
                                                      std::uint64_t carried) const {
  Draft draft{{}, chain_, Place{files_.size(), 0, 0, 0}, latest_, {}};
  const auto add = [&](const Entry& entry) -> Done {
    const auto line = to_line(draft.chain.head().seq + 1, clock_.wall(), draft.chain.head().hash, entry);
    const auto record = draft.chain.sound(line);
    if (!record) return tl::unexpected{record.error().within("record " + entry.event)};
    draft.chain.advance(*record);
    if (record->time > draft.latest) draft.latest = record->time;
    if (!draft.began) draft.began = from_rfc3339(record->time).value();
    draft.last = Place{draft.last.file, draft.last.line + 1, draft.text.size(), line.size() + 1};
    draft.text.append(line).append("\n");
    return {};
  };
  const auto number = segment_number(files_.back()).value_or(files_.size()) + 1;
  RETURN_IF_ERROR(add(segment_entry({number, carried, chain_.tree(), latest_})));
  for (const auto& entry : entries) RETURN_IF_ERROR(add(entry));
  return draft;
}

// The reserve is there before the segment is: on a disk that is nearly full the old one keeps its own.
Done FileJournal::keep_reserve_of_draft(int fd, std::size_t size) const {
  const auto end = static_cast<off_t>(size), ahead = static_cast<off_t>(2 * options_.reserve);
  if (options_.calls.fallocate(fd, FALLOC_FL_KEEP_SIZE, end, ahead) == 0 || errno == EOPNOTSUPP) return {};
  return tl::unexpected{disk_error("keeping room for closing records", errno)};
}

Result<UniqueFd> FileJournal::write_draft(const Draft& draft) const {
  const auto path = folder_ / kDraft;
  ::unlink(path.c_str());
  UniqueFd fd{::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd) return fail_errno("creating {}", path.string());
  RETURN_IF_ERROR(give_to_readers(fd.get(), options_.group, path));
  RETURN_IF_ERROR(keep_reserve_of_draft(fd.get(), draft.text.size()));
  for (std::string_view rest = draft.text; !rest.empty();) {
    const auto put = options_.calls.write(fd.get(), rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return tl::unexpected{disk_error("writing a new segment", put < 0 ? errno : ENOSPC)};
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  // fsync, not fdatasync: the mode and the group belong to the file too.
  if (options_.calls.fdatasync(fd.get()) != 0 || ::fsync(fd.get()) != 0)
    return tl::unexpected{disk_error("syncing a new segment", errno)};
  return fd;
}

Done FileJournal::begin_segment(std::span<const Entry> entries, std::uint64_t carried) {
  RETURN_IF_ERROR(be_sound());
  if (!chain_.knows_tree()) return fail("the records before are damaged: no segment can tell their tree");
  ASSIGN_OR_RETURN(auto draft, draft_segment(entries, carried));
  auto written = write_draft(draft);
  const auto from = folder_ / kDraft;
  const auto path = folder_ / segment_name(segment_number(files_.back()).value_or(files_.size()) + 1);
  if (!written || options_.calls.rename(from.c_str(), path.c_str()) != 0) {
    const auto problem = written ? disk_error("naming a new segment", errno) : std::move(written).error();
    ::unlink(from.c_str());
    return tl::unexpected{problem};
  }
  // From here the new segment is the last one, whatever fails: the old one must not grow beside it.
  const auto old = std::exchange(fd_, *std::move(written));
  (void)options_.calls.ftruncate(old.get(), static_cast<off_t>(last_.offset + last_.size));  // its reserve
  snapshot_ = WalkStart{chain_.head(), Place{files_.size(), 0, 0, 0}, chain_.tree(), latest_};
  files_.push_back(path);
  chain_ = draft.chain;
  last_ = snapshot_end_ = draft.last;
  latest_ = std::move(draft.latest);
  began_ = draft.began;
  reserved_to_ = 0;
  marks_.clear();
  names_unsynced_ = true;
  return sync_names();
}

// Until a new segment's name is durable nothing is appended to it: what nobody was told of may vanish with
// the name.
Done FileJournal::sync_names() {
  if (!names_unsynced_) return {};
  const UniqueFd folder{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder) return fail_errno("opening folder {}", folder_.string());
  if (options_.calls.sync_folder(folder.get()) != 0)
    return tl::unexpected{disk_error("syncing the names of segments", errno)};
  names_unsynced_ = false;
  return {};
}

// As the opening of the next one tells it.
Result<std::optional<OldSegment>> FileJournal::oldest_segment() const {
  const auto number = segment_number(files_.front());
  if (snapshot_.place.file == 0 || !number) return std::nullopt;
  ASSIGN_OR_RETURN(const auto next, start_of_segment(files_, 1));
  if (!next) return fail("{} does not open as a segment", files_[1].string());
  struct stat status {};
  if (::lstat(files_.front().c_str(), &status) != 0)
    return fail_errno("looking at {}", files_.front().string());
  return OldSegment{*number, next->start.position, next->start.latest,
                    WallTime{std::chrono::seconds{status.st_mtim.tv_sec}}};
}

Done FileJournal::delete_segment(const OldSegment& oldest) {
  const auto& path = files_.front();
  if (snapshot_.place.file == 0 || segment_number(path) != oldest.number)
    return fail("segment {} is not the oldest of several", oldest.number);
  if (options_.calls.unlink(path.c_str()) != 0 && errno != ENOENT)
    return fail_errno("deleting {}", path.string());
  leave_out_first_file();
  // One after the other, also after a power loss: what is left has no gap.
  names_unsynced_ = true;
  return sync_names();
}

void FileJournal::leave_out_first_file() {
  files_.erase(files_.begin());
  const auto move = [](Place& place) { place.file -= std::min<std::size_t>(place.file, 1); };
  move(last_);
  move(snapshot_.place);
  move(snapshot_end_);
  for (auto& [position, place] : marks_) move(place);
}

Done FileJournal::begin_anew(const fs::path& folder, const Clock& clock, const Walk& damage,
                             std::span<const Entry> entries, FileJournalOptions options) {
  std::unique_ptr<FileJournal> journal{new FileJournal{folder, clock, std::move(options)}};
  RETURN_IF_ERROR(journal->take_lock());
  RETURN_IF_ERROR(journal->open_last_file());
  struct stat status {};
  if (::fstat(journal->fd_.get(), &status) != 0) return fail_errno("looking at {}", folder.string());
  journal->chain_ = Chain{damage.good_head, damage.good_tree};
  journal->latest_ = damage.latest;
  journal->last_ = Place{journal->files_.size() - 1, 1, 0, static_cast<std::uint64_t>(status.st_size)};
  return journal->begin_segment(entries, 0);
}

}  // namespace sallyport
