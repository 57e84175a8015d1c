// How a FileJournal starts: lock, walk, mend. Runs in: sallyportd (privileged).
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "gateway/audit/deleted_segments.h"
#include "gateway/audit/file_journal.h"

namespace sallyport {

namespace {

constexpr std::chrono::milliseconds kLockPatience{1000}, kLockInterval{20};

namespace fs = std::filesystem;

Done give_to_group(int fd, const std::optional<gid_t>& group, mode_t mode, const fs::path& path) {
  if (group && ::fchown(fd, static_cast<uid_t>(-1), *group) != 0)
    return fail_errno("changing the group of {}", path.string());
  if (::fchmod(fd, mode) != 0) return fail_errno("changing the mode of {}", path.string());
  return {};
}

Done check_owner(int fd, const fs::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("looking at {}", path.string());
  if (status.st_uid != ::geteuid())
    return fail("{} belongs to another user (fix: chown root {})", path.string(), path.string());
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail("{} can be written by others (fix: chmod go-w {})", path.string(), path.string());
  return {};
}

Done make_folder(const fs::path& folder, const std::optional<gid_t>& group) {
  const bool is_new = ::mkdir(folder.c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) return fail_errno("making folder {}", folder.string());
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening folder {}", folder.string());
  RETURN_IF_ERROR(check_owner(fd.get(), folder));
  if (!is_new) return {};
  RETURN_IF_ERROR(give_to_group(fd.get(), group, 0750, folder));
  return sync_folder(folder.parent_path().empty() ? fs::path{"."} : folder.parent_path());
}

Done make_file(const fs::path& path, const std::optional<gid_t>& group) {
  const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd) return fail_errno("creating {}", path.string());
  RETURN_IF_ERROR(give_to_group(fd.get(), group, 0640, path));
  if (::fsync(fd.get()) != 0) return fail_errno("syncing {}", path.string());
  return sync_folder(path.parent_path());
}

}  // namespace

Done give_to_readers(int fd, const std::optional<gid_t>& group, const fs::path& path) {
  return give_to_group(fd, group, 0640, path);
}

Result<std::unique_ptr<FileJournal>> FileJournal::open(const fs::path& folder, const Clock& clock,
                                                       FileJournalOptions options) {
  RETURN_IF_ERROR(make_folder(folder, options.group));
  std::unique_ptr<FileJournal> journal{new FileJournal{folder, clock, std::move(options)}};
  RETURN_IF_ERROR(journal->take_lock());
  RETURN_IF_ERROR(journal->open_last_file());
  RETURN_IF_ERROR(journal->replay());
  if (journal->torn_) RETURN_IF_ERROR(journal->mend(*journal->torn_));
  return journal;
}

// A file of its own that only we may open: whoever can read the journal could lock the journal itself, and so
// keep the gate from starting. A monitor that was killed while it started a worker leaves its lock with the
// child until that has become another program: a restart waits for it.
Done FileJournal::take_lock() {
  const auto path = folder_ / "journal.lock";
  lock_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock_) return fail_errno("opening {}", path.string());
  for (auto waited = std::chrono::milliseconds{0}; waited < kLockPatience; waited += kLockInterval) {
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) break;
    std::this_thread::sleep_for(kLockInterval);
  }
  if (errno == EWOULDBLOCK) return fail("another sallyportd writes the journal in {}", folder_.string());
  return fail_errno("locking {}", path.string());
}

Done FileJournal::not_in_use(const fs::path& folder) {
  const SystemClock clock;
  FileJournal journal{folder, clock, {}};
  return journal.take_lock();
}

Done FileJournal::open_last_file() {
  ASSIGN_OR_RETURN(files_, journal_files(folder_));
  ::unlink((folder_ / kDraft).c_str());  // a segment that never got its name: nothing in it was acknowledged
  if (files_.empty()) {
    files_.push_back(folder_ / "journal-00000001.jsonl");
    RETURN_IF_ERROR(make_file(files_.back(), options_.group));
  }
  fd_.reset(::open(files_.back().c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!fd_) return fail_errno("opening {}", files_.back().string());
  return check_owner(fd_.get(), files_.back());
}

Error FileJournal::broken_at(const Break& damage) const {
  return Error{fmt::format(
      "the journal is broken at {}; nothing is armed on it. See 'sallyport audit verify'; keep a copy of {} "
      "for the security team, and restore the journal, or go on without what is lost: 'sallyport audit "
      "acknowledge'",
      damage.message(), folder_.string())};
}

Result<bool> FileJournal::earlier_fit(std::size_t before) const {
  ASSIGN_OR_RETURN(const auto first, start_of_journal(files_));
  if (!first) return false;
  for (std::size_t i = 1; i <= before; ++i) {
    ASSIGN_OR_RETURN(const auto end, end_of_segment(files_[i - 1]));
    ASSIGN_OR_RETURN(const auto next, start_of_segment(files_, i));
    const bool fits = end && next && next->start.position == *end &&
                      segment_number(files_[i]) == segment_number(files_[i - 1]).value_or(0) + 1;
    if (!fits) return false;
  }
  return true;
}

// That the segments before file `before` are there, and each leads to the next. Only `audit verify` walks
// what is in them. Where it does not fit, the walk over everything tells whether an admin knows.
Done FileJournal::check_earlier(std::size_t before) {
  if (options_.despite_earlier_damage) return {};
  ASSIGN_OR_RETURN(const bool fit, earlier_fit(before));
  if (fit) return {};
  ASSIGN_OR_RETURN(const auto walk,
                   walk_records(files_, [](const RecordView&, const Place&) { return Done{}; }));
  if (walk.broken) return tl::unexpected{broken_at(*walk.broken)};
  return {};
}

// From the last snapshot that is whole. A segment whose first records are not all there is read with the one
// before it: the chain holds the same facts twice.
Done FileJournal::replay() {
  for (auto i = files_.size(); i-- > 0;) {
    ASSIGN_OR_RETURN(const auto found, start_of_segment(files_, i));
    if (!found) continue;
    snapshot_ = found->start;
    ASSIGN_OR_RETURN(const auto carried, walk_from_snapshot());
    if (carried < found->opening.carried) continue;
    return check_earlier(i);
  }
  snapshot_ = {};
  RETURN_IF_ERROR(walk_from_snapshot());
  if (segment_number(files_.front()).value_or(1) == 1) return {};
  // What the one before told is deleted: going on would forget who had used a grant up (I2).
  return tl::unexpected{broken_at({files_.front(), 1, "what it carries over is not all there"})};
}

// How many records the snapshot carries.
Result<std::uint64_t> FileJournal::walk_from_snapshot() {
  std::uint64_t carried = 0;
  marks_.clear();
  snapshot_end_ = {};
  began_.reset();
  const auto visit = [&](const RecordView& record, const Place& place) -> Done {
    if (record.event == kCarriedEvent && place.file == snapshot_.place.file && place.line == carried + 2) {
      ++carried;
      snapshot_end_ = place;
    }
    if (place.file + 1 != files_.size()) return {};
    remember({record.seq, std::string{record.hash}}, place);
    if (place.line != 1) return {};
    ASSIGN_OR_RETURN(began_, from_rfc3339(record.time));
    return {};
  };
  ASSIGN_OR_RETURN(auto walk, walk_records(files_, visit, snapshot_));
  if (walk.broken) return tl::unexpected{broken_at(*walk.broken)};
  chain_ = Chain{walk.head, walk.tree};
  last_ = walk.last;
  latest_ = walk.latest;
  torn_ = std::move(walk.torn);
  if (last_.file + 1 != files_.size()) last_ = Place{files_.size() - 1, 0, 0, 0};
  return carried;
}

Done FileJournal::continues(const TreeHead& signed_head) const {
  if (signed_head.size > head().seq)
    return fail(
        "the journal in {} was rolled back: it ends at record {}, but a head of {} records was signed; "
        "restore it, or go on without what is lost: 'sallyport audit acknowledge'",
        folder_.string(), head().seq, signed_head.size);
  if (signed_head.size <= snapshot_.position.seq) return {};
  auto start = snapshot_;
  start.roots_at = {signed_head.size};
  ASSIGN_OR_RETURN(const auto walk,
                   walk_records(
                       files_, [](const RecordView&, const Place&) { return Done{}; }, start));
  const auto found = walk.roots.find(signed_head.size);
  if (found != walk.roots.end() && found->second == signed_head.root) return {};
  return fail(
      "the journal in {} was rewritten: its first {} records are not those that were signed; restore it, "
      "or go on without what is lost: 'sallyport audit acknowledge'",
      folder_.string(), signed_head.size);
}

Done FileJournal::mend(const TornTail& torn) {
  if (torn.only_newline_missing) {
    if (options_.calls.write(fd_.get(), "\n", 1) != 1) return fail_errno("mending {}", torn.file.string());
  } else if (options_.calls.ftruncate(fd_.get(), static_cast<off_t>(torn.offset)) != 0) {
    return fail_errno("cutting {}", torn.file.string());
  }
  if (options_.calls.fdatasync(fd_.get()) != 0) return fail_errno("syncing {}", torn.file.string());
  recovered_ = torn.bytes;
  // On a full disk the note waits for the first append that finds room.
  if (auto noted = be_sound(); !noted) return noted;
  const Entry recovered{"journal.recovered", {{"bytes", *recovered_}}};
  if (auto noted = put({&recovered, 1}); noted) recovered_.reset();
  return {};
}

}  // namespace sallyport
