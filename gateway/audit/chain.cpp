// Runs in: sallyportd, sallyport.
#include "gateway/audit/chain.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

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

// A file that is walked, and whether a torn tail may be excused: only at the very end of the journal.
class FileWalk {
 public:
  FileWalk(const fs::path& path, std::size_t index, bool is_last, Chain& chain, Walk& walk)
      : path_(path), index_(index), is_last_(is_last), chain_(chain), walk_(walk) {}

  Done run(const Visit& visit, const Place& from) {
    const UniqueFd fd{::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd) return fail_errno("opening {}", path_.string());
    LineReader reader{fd.get(), from.offset + from.size, from.line};
    while (!walk_.broken && !walk_.torn) {
      auto line = reader.next();
      if (!line) return tl::unexpected{line.error().within(path_.string())};
      if (!*line) return {};
      RETURN_IF_ERROR(take(**line, fd.get(), reader, visit));
    }
    return {};
  }

 private:
  Done take(const Line& line, int fd, LineReader& reader, const Visit& visit) {
    const Place place{index_, line.number, line.offset, line.text.size() + 1};
    auto record = chain_.take(line.text);
    if (line.ended && record) return accept(*record, place, visit);
    const bool cut_short = !line.ended && is_cut_short(line.text);
    const bool unwritten = has_unwritten_block(line.text);
    const bool whole_record = record.has_value();
    if (!is_last_ || !(cut_short || unwritten || whole_record)) return note_break(line, record);
    if (line.ended) {  // the last one of all?
      ASSIGN_OR_RETURN(const auto after, reader.next());
      if (after) return note_break(Line{{}, place.line, place.offset, true}, record);
    }
    RETURN_IF_ERROR(note_torn(place, fd, whole_record));
    if (whole_record) return accept(*record, place, visit);
    return {};
  }

  Done accept(const Record& record, const Place& place, const Visit& visit) {
    ++walk_.records;
    walk_.last = place;
    return visit(record, place);
  }

  Done note_break(const Line& line, const Result<Record>& record) {
    walk_.broken = Break{path_, line.number, record ? "it has no end" : record.error().message()};
    return {};
  }

  Done note_torn(const Place& place, int fd, bool whole_record) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return fail_errno("looking at {}", path_.string());
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const auto bytes = whole_record || size < place.offset ? 0 : size - place.offset;
    walk_.torn = TornTail{path_, place.line, place.offset, bytes, whole_record};
    return {};
  }

  const fs::path& path_;
  std::size_t index_;
  bool is_last_;
  Chain& chain_;
  Walk& walk_;
};

bool is_segment(const std::string& name) {
  constexpr std::string_view kShape = "journal-dddddddd.jsonl";
  return name.size() == kShape.size() &&
         std::equal(name.begin(), name.end(), kShape.begin(),
                    [](char c, char shape) { return shape == 'd' ? c >= '0' && c <= '9' : c == shape; });
}

}  // namespace

Result<Record> Chain::take(std::string_view line) {
  auto record = parse_line(line);
  if (!record) return record;
  if (record->seq != head_.seq + 1)
    return fail("it is record {}, but {} was due", record->seq, head_.seq + 1);
  if (record->prev != head_.hash) return fail("its 'prev' is not the hash of the record before");
  head_ = {record->seq, record->hash};
  return record;
}

std::string Break::message() const { return fmt::format("{} line {}: {}", file.string(), line, reason); }

Result<Walk> walk_journal(const std::vector<fs::path>& files, const Visit& visit, const WalkStart& start) {
  Walk walk;
  walk.last = start.place;
  Chain chain{start.position};
  for (std::size_t i = start.place.file; i < files.size() && !walk.broken; ++i) {
    const bool is_last = i + 1 == files.size();
    const auto from = i == start.place.file ? start.place : Place{};
    RETURN_IF_ERROR((FileWalk{files[i], i, is_last, chain, walk}.run(visit, from)));
  }
  walk.head = chain.head();
  return walk;
}

Result<std::vector<fs::path>> journal_files(const fs::path& folder_or_file) {
  std::error_code code;
  if (fs::is_regular_file(folder_or_file, code)) return std::vector{folder_or_file};
  std::vector<fs::path> files;
  fs::directory_iterator entries{folder_or_file, code};
  for (; !code && entries != fs::directory_iterator{}; entries.increment(code))
    if (is_segment(entries->path().filename().string())) files.push_back(entries->path());
  if (code) return tl::unexpected{Error{"reading folder " + folder_or_file.string(), code.value()}};
  std::sort(files.begin(), files.end());
  return files;
}

fs::path journal_folder(const fs::path& state) { return state / "journal"; }

}  // namespace sallyport
