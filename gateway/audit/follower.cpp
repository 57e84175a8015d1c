// Runs in: sallyport-send, sallyport-metrics.
#include "gateway/audit/follower.h"

#include <fcntl.h>

#include <algorithm>

#include "base/file.h"
#include "base/unique_fd.h"
#include "gateway/audit/line_reader.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

Done nothing(const RecordView&, const Place&) { return {}; }

// Whether that record still stands there: what the gate could not sync it takes back, and may write another
// in its place.
Result<bool> stands_at(const fs::path& file, const Place& place, const Position& position) {
  const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", file.string());
  LineReader reader{fd.get(), place.offset};
  ASSIGN_OR_RETURN(const auto line, reader.next());
  if (!line) return false;
  Chain any;
  const auto record = any.sound(line->text);
  return record && record->seq == position.seq && record->hash == position.hash;
}

// Where a walk of file `index` begins, if that can be told.
Result<std::optional<WalkStart>> beginning_of(const std::vector<fs::path>& files, std::size_t index) {
  ASSIGN_OR_RETURN(const auto found, start_of_segment(files, index));
  if (found) return found->start;
  return index == 0 ? std::optional{WalkStart{}} : std::nullopt;
}

// Where the record stands in the last of `files`, of which the walk begins at `start`.
Result<std::optional<Place>> place_of(const Position& position, const std::vector<fs::path>& files,
                                      WalkStart start) {
  std::optional<Place> place;
  start.without_tree = true;
  const auto walked = walk_records(
      files,
      [&](const RecordView& record, const Place& at) -> Done {
        if (record.seq != position.seq || record.hash != position.hash) return {};
        place = at;
        return fail("found");
      },
      start);
  if (!walked && !place) return tl::unexpected{walked.error()};
  return place;
}

}  // namespace

Result<Follower> Follower::at_end(const fs::path& folder) {
  ASSIGN_OR_RETURN(const auto files, journal_files(folder));
  if (files.empty()) return Follower{folder};
  WalkStart start;
  for (auto index = files.size(); index-- > 0;) {
    ASSIGN_OR_RETURN(auto found, beginning_of(files, index));
    if (!found) continue;
    start = *std::move(found);
    break;
  }
  start.without_tree = true;
  ASSIGN_OR_RETURN(const auto walked, walk_records(files, nothing, start));
  return Follower{folder, walked.head};
}

// From the last segment back: a journal that an admin had begun anew behind damage holds some numbers twice.
Result<std::optional<Place>> Follower::search(const Files& files) const {
  if (position_.seq == 0) return Place{};
  for (auto index = files.size(); index-- > 0;) {
    ASSIGN_OR_RETURN(const auto start, beginning_of(files, index));
    if (!start || start->position.seq > position_.seq) continue;
    if (start->position == position_) return start->place;
    const Files to_there{files.begin(), files.begin() + static_cast<std::ptrdiff_t>(index) + 1};
    ASSIGN_OR_RETURN(const auto place, place_of(position_, to_there, *start));
    if (place) return place;
  }
  return std::nullopt;
}

Result<std::optional<Place>> Follower::place_in(const Files& files) const {
  if (file_.empty()) return search(files);
  const auto found = std::find(files.begin(), files.end(), file_);
  if (found == files.end()) return search(files);  // deleted as old, perhaps: the next one goes on behind it
  ASSIGN_OR_RETURN(const auto stands, stands_at(file_, place_, position_));
  if (!stands) return std::nullopt;
  auto place = place_;
  place.file = static_cast<std::size_t>(found - files.begin());
  return place;
}

Result<Place> Follower::begin_again(const Files& files, const BreakVisit& found) {
  RETURN_IF_ERROR(found({folder_, 0,
                         fmt::format("record {} ({}), which was read, is not in the journal any more",
                                     position_.seq, position_.hash)}));
  const auto file = std::find(files.begin(), files.end(), std::exchange(file_, {}));
  told_ = {};
  whole_until_.reset();
  position_ = file == files.end() ? Position{} : before_file_;
  Place place;
  if (file != files.end()) place.file = static_cast<std::size_t>(file - files.begin());
  return place;
}

Done Follower::tell(const Break& broken, const BreakVisit& found) {
  const std::pair key{broken.file, broken.line};
  if (key <= told_) return {};
  RETURN_IF_ERROR(found(broken));
  told_ = key;
  if (!whole_until_) whole_until_ = position_;
  return {};
}

void Follower::remember(const RecordView& record, const fs::path& file, const Place& place) {
  if (file_ != file) before_file_ = {record.seq - 1, std::string{record.prev}};
  if (whole_until_ && record.event == kSegmentEvent && record.prev == whole_until_->hash)
    whole_until_.reset();
  position_ = {record.seq, std::string{record.hash}};
  file_ = file;
  place_ = place;
}

Result<Follower::More> Follower::read(std::size_t most, const ViewVisit& record, const BreakVisit& found) {
  ASSIGN_OR_RETURN(const auto files, journal_files(folder_));
  ASSIGN_OR_RETURN(auto place, place_in(files));
  if (!place) {
    ASSIGN_OR_RETURN(place, begin_again(files, found));
  }
  WalkStart start;
  start.position = position_;
  start.place = *place;
  start.without_tree = true;
  start.whole_until = whole_until_;
  start.on_break = [&](const Break& broken) { return tell(broken, found); };
  bool full = false;
  std::size_t told = 0;
  const auto walked = walk_records(
      files,
      [&](const RecordView& view, const Place& at) -> Done {
        full = told == most;
        if (full) return fail("enough for now");
        RETURN_IF_ERROR(record(view, at));
        ++told;
        remember(view, files[at.file], at);
        return {};
      },
      start);
  if (!walked && !full) return tl::unexpected{walked.error()};
  return full ? More::yes : More::no;
}

Done Follower::make_durable() {
  if (file_.empty()) return {};
  const UniqueFd fd{::open(file_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", file_.string());
  if (::fdatasync(fd.get()) != 0) return fail_errno("syncing {}", file_.string());
  // The name of a new segment, too, may not be durable yet.
  if (durable_name_ != file_) RETURN_IF_ERROR(sync_folder(file_.parent_path()));
  durable_name_ = file_;
  return {};
}

}  // namespace sallyport
