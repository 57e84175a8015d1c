// Runs in: sallyportd, sallyport.
#include "gateway/audit/walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/unique_fd.h"
#include "gateway/audit/deleted_segments.h"
#include "gateway/audit/line_reader.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

// One bad bit can make a single zero byte; two in a row are a block that was never written.
bool has_unwritten_block(std::string_view text) {
  return text.find(std::string_view{"\0\0", 2}) != text.npos;
}

// The start of a record, with nothing wrong before it stops.
bool is_cut_short(std::string_view text) {
  if (text.empty() || text.front() != '{' || text.size() >= kLongestLine) return false;
  return is_start_of_json(text);
}

Result<UniqueFd> open_file(const fs::path& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path.string());
  return fd;
}

// What the whole walk knows; the files follow one another.
class Walker {
 public:
  Walker(const std::vector<fs::path>& files, const ViewVisit& visit, const WalkStart& start)
      : files_(files),
        visit_(visit),
        on_break_(start.on_break),
        without_tree_(start.without_tree),
        chain_(start.position, start.tree),
        roots_at_(start.roots_at) {
    if (without_tree_) chain_.leave_out_tree();
    if (start.whole_until) whole_until_ = Chain{*start.whole_until};
    walk_.last = start.place;
    walk_.latest = start.latest;
  }

  Result<Walk> run(const WalkStart& start) {
    bool from_first = start.position.seq == 0;
    if (from_first && start.place.file == 0 && start.place.line == 0) {
      ASSIGN_OR_RETURN(const bool behind, begin_behind_deleted());
      from_first = !behind;
    }
    for (std::size_t i = start.place.file; i < files_.size(); ++i) {
      // What is missing before a file in which the walk begins is no matter of this walk's.
      if (i != start.place.file || start.place.line == 0) RETURN_IF_ERROR(note_missing(i, from_first));
      RETURN_IF_ERROR(walk_file(i, i == start.place.file ? start.place : Place{}));
    }
    walk_.head = chain_.head();
    walk_.tree = chain_.tree();
    const Chain& good = whole_until_ ? *whole_until_ : chain_;
    walk_.good_head = good.head();
    walk_.good_tree = good.tree();
    return std::move(walk_);
  }

 private:
  // Whether the oldest segments are gone as they should.
  Result<bool> begin_behind_deleted() {
    ASSIGN_OR_RETURN(const auto first, start_of_journal(files_));
    if (!first || first->position.seq == 0) return false;
    chain_ = Chain{first->position, first->tree};
    if (without_tree_) chain_.leave_out_tree();
    walk_.latest = first->latest;
    walk_.deleted = {*segment_number(files_.front()) - 1, first->position.seq};
    if (std::binary_search(roots_at_.begin(), roots_at_.end(), first->position.seq)) note_root();
    return true;
  }

  // A gap in the numbers of the files.
  Done note_missing(std::size_t index, bool from_first) {
    const auto number = segment_number(files_[index]);
    if (!number) return {};
    const auto before = index > 0 ? segment_number(files_[index - 1]) : std::optional<std::uint64_t>{0};
    if (!before || *number <= *before + 1 || (index == 0 && !from_first)) return {};
    for (auto gone = *before + 1; gone < *number && gone < *before + 1 + kMostBreaks; ++gone)
      RETURN_IF_ERROR(
          note_break(Break{files_[index].parent_path() / segment_name(gone), 0, "it is missing"}));
    return {};
  }

  Done walk_file(std::size_t index, const Place& from) {
    file_ = index;
    ASSIGN_OR_RETURN(const auto fd, open_file(files_[index]));
    LineReader reader{fd.get(), from.offset + from.size, from.line};
    while (!walk_.torn) {
      auto line = reader.next();
      if (!line) return tl::unexpected{line.error().within(files_[index].string())};
      if (!*line) return {};
      RETURN_IF_ERROR(take(**line, fd.get(), reader));
    }
    return {};
  }

  bool is_last_file() const { return file_ + 1 == files_.size(); }

  Done take(Line line, int fd, LineReader& reader) {
    for (;;) {
      const Place place{file_, line.number, line.offset, line.text.size() + 1};
      const auto record = chain_.sound(line.text);
      const Done follows = record ? may_follow(*record) : tl::unexpected{record.error()};
      if (line.ended && follows) return accept(*record, place);
      if (line.ended && lost_ && record) return go_on_behind(*record, place);
      if (!may_be_torn(line, follows)) return pass_over(line, record, follows, place);
      if (line.ended) {  // the last one of all?
        Break found{files_[file_], place.line, follows.error().message()};
        ASSIGN_OR_RETURN(const auto after, reader.next());
        if (after) {
          RETURN_IF_ERROR(note_break(std::move(found)));
          line = *after;
          continue;
        }
      }
      RETURN_IF_ERROR(note_torn(place, fd, follows.has_value()));
      return follows ? accept(*record, place) : Done{};
    }
  }

  bool may_be_torn(const Line& line, const Done& follows) const {
    if (!is_last_file()) return false;
    return follows || has_unwritten_block(line.text) || (!line.ended && is_cut_short(line.text));
  }

  // The next of the chain; or, behind damage, the opening of the segment that an admin had begun where the
  // good records end.
  Done may_follow(const RecordView& record) {
    auto next = chain_.follows(record);
    if (!next && whole_until_ && record.event == kSegmentEvent && whole_until_->follows(record)) {
      chain_ = *whole_until_;
      next = {};
    }
    if (!next || record.event != kSegmentEvent) return next;
    return check_opening(record);
  }

  Done check_opening(const RecordView& view) {
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    ASSIGN_OR_RETURN(const auto opening, segment_opening(record));
    const auto number = segment_number(files_[file_]);
    if (number && *number != opening.number) return fail("it opens segment {}", opening.number);
    if (chain_.knows_tree() && opening.tree != chain_.tree())
      return fail("its 'tree' is not that of the records before");
    // Behind a break the tree is known again from here.
    if (!without_tree_) chain_ = Chain{chain_.head(), opening.tree};
    return {};
  }

  Done accept(const RecordView& record, const Place& place) {
    chain_.advance(record);
    if (std::binary_search(roots_at_.begin(), roots_at_.end(), record.seq)) note_root();
    ++walk_.records;
    walk_.last = place;
    if (record.time > walk_.latest) walk_.latest = record.time;
    if (record.event == kAcknowledgedEvent) RETURN_IF_ERROR(acknowledge(record));
    return visit_(record, place);
  }

  void note_root() {
    if (chain_.knows_tree()) walk_.roots.insert_or_assign(chain_.head().seq, chain_.tree().root());
  }

  // A break. What follows is judged by what this line claims, if the line is sound by itself.
  Done pass_over(const Line& line, const Result<RecordView>& record, const Done& follows,
                 const Place& place) {
    RETURN_IF_ERROR(
        note_break(Break{files_[file_], line.number, follows ? "it has no end" : follows.error().message()}));
    if (!record || !line.ended) return {};
    return go_on_behind(*record, place);
  }

  Done go_on_behind(const RecordView& record, const Place& place) {
    lost_ = false;
    Frontier tree;
    if (record.event == kSegmentEvent) {
      const auto whole = take_apart(record.line);
      if (const auto opening = whole ? segment_opening(*whole) : tl::unexpected{whole.error()})
        tree = opening->tree;
    }
    chain_ = Chain{{record.seq - 1, std::string{record.prev}}, std::move(tree)};
    if (without_tree_) chain_.leave_out_tree();
    return accept(record, place);
  }

  Done note_break(Break found) {
    if (on_break_) RETURN_IF_ERROR(on_break_(found));
    lost_ = true;
    if (!whole_until_) whole_until_ = chain_;
    ++walk_.broken_lines;
    ++walk_.unacknowledged;
    if (!walk_.broken) walk_.broken = found;
    if (walk_.breaks.size() < kMostBreaks) walk_.breaks.push_back(std::move(found));
    return {};
  }

  // Whoever acknowledges has seen exactly this: the first break, and so many.
  Done acknowledge(const RecordView& view) {
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    const auto& fields = record.fields;
    const bool same = walk_.broken && fields.contains("file") && fields.contains("line") &&
                      fields["file"] == walk_.broken->file.filename().string() &&
                      fields["line"] == walk_.broken->line && fields.contains("breaks") &&
                      fields["breaks"] == walk_.unacknowledged;
    if (!same) return {};
    const auto by = fields.find("by");
    for (auto& found : walk_.breaks)
      if (found.acknowledged_by.empty())
        found.acknowledged_by = by != fields.end() && by->is_string() ? by->get<std::string>() : "somebody";
    walk_.broken.reset();
    walk_.unacknowledged = 0;
    whole_until_.reset();
    return {};
  }

  Done note_torn(const Place& place, int fd, bool whole_record) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return fail_errno("looking at {}", files_[file_].string());
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const auto bytes = whole_record || size < place.offset ? 0 : size - place.offset;
    walk_.torn = TornTail{files_[file_], place.line, place.offset, bytes, whole_record};
    return {};
  }

  const std::vector<fs::path>& files_;
  const ViewVisit& visit_;
  const BreakVisit& on_break_;
  bool without_tree_;
  std::size_t file_ = 0;
  Chain chain_;
  std::optional<Chain> whole_until_;  // where the chain stood before the first break
  bool lost_ = false;  // what follows need not fit to the chain: the break between is noted already
  std::vector<std::uint64_t> roots_at_;
  Walk walk_;
};

}  // namespace

std::string Break::message() const {
  if (line == 0) return fmt::format("{}: {}", file.string(), reason);
  return fmt::format("{} line {}: {}", file.string(), line, reason);
}

Result<Walk> walk_records(const std::vector<fs::path>& files, const ViewVisit& visit,
                          const WalkStart& start) {
  return Walker{files, visit, start}.run(start);
}

Result<Walk> walk_journal(const std::vector<fs::path>& files, const Visit& visit, const WalkStart& start) {
  return walk_records(
      files,
      [&visit](const RecordView& view, const Place& place) -> Done {
        ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
        return visit(record, place);
      },
      start);
}

Result<std::optional<SegmentStart>> start_of_segment(const std::vector<fs::path>& files, std::size_t index) {
  ASSIGN_OR_RETURN(const auto fd, open_file(files[index]));
  LineReader reader{fd.get()};
  ASSIGN_OR_RETURN(const auto line, reader.next());
  if (!line || !line->ended) return std::nullopt;
  Chain any;
  const auto view = any.sound(line->text);
  if (!view || view->event != kSegmentEvent) return std::nullopt;
  ASSIGN_OR_RETURN(const auto record, take_apart(view->line));
  auto opening = segment_opening(record);
  if (!opening) return std::nullopt;
  SegmentStart found;
  found.start.position = {record.seq - 1, record.prev};
  found.start.place.file = index;
  found.start.tree = opening->tree;
  found.start.latest = opening->latest;
  found.opening = *std::move(opening);
  return found;
}

Result<WalkStart> start_after(const std::vector<fs::path>& files, WallTime since) {
  const auto text = to_rfc3339(since);
  for (auto i = files.size(); i > 1; --i) {
    ASSIGN_OR_RETURN(const auto found, start_of_segment(files, i - 1));
    if (found && !found->opening.latest.empty() && found->opening.latest < text) return found->start;
  }
  return WalkStart{};
}

Result<std::optional<Position>> end_of_segment(const fs::path& file) {
  ASSIGN_OR_RETURN(const auto fd, open_file(file));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", file.string());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto from = size > 2 * kLongestLine ? size - 2 * kLongestLine : 0;
  LineReader reader{fd.get(), from};
  std::string last;
  for (;;) {
    ASSIGN_OR_RETURN(const auto line, reader.next());
    if (!line) break;
    last = line->ended ? line->text : std::string_view{};
  }
  Chain any;
  const auto view = any.sound(last);
  if (!view) return std::nullopt;
  return Position{view->seq, std::string{view->hash}};
}

}  // namespace sallyport
