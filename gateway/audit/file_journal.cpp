// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/audit/file_journal.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "base/check.h"

namespace sallyport {

namespace {

constexpr std::uint64_t kRecordsPerMark = 512;

std::uint64_t end_of(const Place& place) { return place.offset + place.size; }

}  // namespace

Result<std::vector<Position>> FileJournal::append_all(std::span<const Entry> entries, Weight weight,
                                                      const std::optional<Position>& only_if) {
  our_bug(entries.empty(), "nothing to append");
  RETURN_IF_ERROR(be_sound());
  if (only_if && *only_if != head())
    return fail("the journal has moved on: record {} was to be the last, but {} is", only_if->seq,
                head().seq);
  if (weight == Weight::opening) RETURN_IF_ERROR(keep_reserve());
  if (recovered_) {
    const Entry recovered{"journal.recovered", {{"bytes", *recovered_}}};
    RETURN_IF_ERROR(put({&recovered, 1}));
  }
  recovered_.reset();
  return put(entries);
}

Done FileJournal::writable() {
  RETURN_IF_ERROR(be_sound());
  return keep_reserve();
}

Done FileJournal::read(const Position& from, const std::function<Done(const Record&)>& each) {
  if (from == head()) return {};
  if (from.seq > head().seq) return fail("the journal ends at record {}, before {}", head().seq, from.seq);
  WalkStart start;
  if (snapshot_.position.seq <= from.seq) start = snapshot_;
  for (const auto& [position, place] : marks_)
    if (position.seq <= from.seq) start = {position, place, {}, {}};
  if (start.position.seq == from.seq && start.position != from)
    return fail("record {} of the journal is not the one asked for", from.seq);
  ASSIGN_OR_RETURN(const auto walk,
                   walk_journal(
                       files_,
                       [&](const Record& record, const Place&) -> Done {
                         if (record.seq == from.seq && record.hash != from.hash)
                           return fail("record {} of the journal is not the one asked for", from.seq);
                         // What lies behind the head was never acknowledged.
                         const bool wanted = record.seq > from.seq && record.seq <= head().seq;
                         return wanted ? each(record) : Done{};
                       },
                       start));
  if (walk.broken) return fail("the journal is broken: {}", walk.broken->message());
  if (walk.head.seq < head().seq) return fail("the journal lost its records after {}", walk.head.seq);
  return {};
}

void FileJournal::remember(const Position& position, const Place& place) {
  if (position.seq % kRecordsPerMark == 0) marks_.emplace_back(position, place);
}

// Whether the file ends where the last acknowledged record does, and is still ours alone.
Done FileJournal::be_sound() {
  struct stat status {};
  const auto& path = files_.back();
  if (::fstat(fd_.get(), &status) != 0) return fail_errno("looking at {}", path.string());
  if (status.st_nlink == 0)
    return fail("{} was removed while the gate runs; restore it and restart", path.string());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < end_of(last_))
    return fail("{} lost acknowledged records: it ends at byte {}, not {}", path.string(), size,
                end_of(last_));
  RETURN_IF_ERROR(sync_names());
  if (!doubtful_ && size > end_of(last_))
    return fail("{} was written by somebody else: it ends at byte {}, not {}", path.string(), size,
                end_of(last_));
  if (!doubtful_) return {};
  RETURN_IF_ERROR(cut_back());
  RETURN_IF_ERROR(check_last_line());
  doubtful_ = false;
  return {};
}

// Only when there is something to cut: truncating gives the reserve back to the disk.
Done FileJournal::cut_back() {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return fail_errno("looking at {}", files_.back().string());
  if (static_cast<std::uint64_t>(status.st_size) > end_of(last_)) {
    if (options_.calls.ftruncate(fd_.get(), static_cast<off_t>(end_of(last_))) != 0)
      return fail_errno("cutting {} back", files_.back().string());
    reserved_to_ = 0;
  }
  if (options_.calls.fdatasync(fd_.get()) != 0) return tl::unexpected{disk_error("syncing", errno)};
  return {};
}

// After a failed sync the page cache may show what the disk does not hold: it is dropped before reading.
Done FileJournal::check_last_line() {
  if (last_.size == 0) return {};
  const auto& path = files_.back();
  ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
  std::string line(last_.size, '\0');
  const auto got = ::pread(fd_.get(), line.data(), line.size(), static_cast<off_t>(last_.offset));
  if (got < 0) return fail_errno("reading {} again", path.string());
  if (static_cast<std::size_t>(got) != line.size() || line.back() != '\n')
    return fail("{} lost its last record", path.string());
  line.pop_back();
  const auto record = parse_line(line);
  if (!record || record->hash != head().hash)
    return fail("the last record of {} is not what was written", path.string());
  return {};
}

Done FileJournal::keep_reserve() {
  const auto needed = end_of(last_) + options_.reserve;
  if (needed <= reserved_to_) return {};
  const auto end = static_cast<off_t>(end_of(last_));
  // Twice the reserve, so that it is renewed once in a while and not at every record.
  for (const auto ahead : {2 * options_.reserve, options_.reserve}) {
    if (options_.calls.fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, end, static_cast<off_t>(ahead)) == 0) {
      reserved_to_ = end_of(last_) + ahead;
      return {};
    }
  }
  if (errno == EOPNOTSUPP) return keep_reserve_by_counting();
  return tl::unexpected{disk_error("keeping room for closing records", errno)};
}

// A file system that cannot reserve: the best is to stop opening before it is full.
Done FileJournal::keep_reserve_by_counting() {
  struct statvfs space {};
  if (::fstatvfs(fd_.get(), &space) != 0)
    return fail_errno("asking for the room left in {}", folder_.string());
  if (std::uint64_t{space.f_bavail} * space.f_frsize >= options_.reserve) return {};
  return tl::unexpected{disk_error("keeping room for closing records", ENOSPC)};
}

Result<std::vector<Position>> FileJournal::put(std::span<const Entry> entries) {
  auto after = chain_;
  auto last = last_;
  std::string text, latest = latest_;
  std::vector<std::pair<Position, Place>> written;
  for (const auto& entry : entries) {
    const auto line = to_line(after.head().seq + 1, clock_.wall(), after.head().hash, entry);
    // Nothing is written that the next start would not accept.
    const auto record = after.sound(line);
    if (!record) return tl::unexpected{record.error().within("record " + entry.event)};
    after.advance(*record);
    if (record->time > latest) latest = record->time;
    if (!began_) began_ = from_rfc3339(record->time).value();
    last = Place{files_.size() - 1, last.line + 1, end_of(last), line.size() + 1};
    written.emplace_back(after.head(), last);
    text.append(line).append("\n");
  }
  if (auto done = write_text(text); !done) {
    const auto cut = cut_back();  // at once, so that a crash now leaves nothing that was refused
    return tl::unexpected{std::move(done).error()};
  }
  chain_ = after;
  last_ = last;
  latest_ = std::move(latest);
  std::vector<Position> positions;
  for (const auto& [position, place] : written) {
    remember(position, place);
    positions.push_back(position);
  }
  return positions;
}

Done FileJournal::write_text(std::string_view text) {
  doubtful_ = true;
  ssize_t put = 0;
  do {
    put = options_.calls.write(fd_.get(), text.data(), text.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) return tl::unexpected{disk_error("writing the journal", errno)};
  // Regular files write short when the disk is full.
  if (static_cast<std::size_t>(put) != text.size())
    return tl::unexpected{disk_error("writing the journal", ENOSPC)};
  if (options_.calls.fdatasync(fd_.get()) != 0)
    return tl::unexpected{disk_error("syncing the journal", errno)};
  doubtful_ = false;
  return {};
}

Error FileJournal::disk_error(std::string_view doing, int code) const {
  if (code == ENOSPC || code == EDQUOT)
    return Error{fmt::format("the disk of {} is full: {}; free some space there, no restart is needed",
                             folder_.string(), doing),
                 code};
  return Error{fmt::format("{} in {}", doing, folder_.string()), code};
}

}  // namespace sallyport
