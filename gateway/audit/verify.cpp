// Runs in: sallyport.
#include "gateway/audit/verify.h"

#include <fcntl.h>

#include <map>

#include "gateway/audit/recording_store.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMissing = "it is missing";

std::string text_of(const nlohmann::json& fields, const char* key) {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// A journal that somebody altered must not lead the auditor's own rights elsewhere.
bool stays_below(const fs::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  for (const auto& part : path)
    if (part == "..") return false;
  return true;
}

// What is wrong with one recording; empty when it is what the journal says.
std::string problem_of(const nlohmann::json& fields, const fs::path& state, const RecordingHash& hash) {
  if (const auto alarm = text_of(fields, "alarm"); !alarm.empty())
    return "the gate could not close it: " + alarm;
  const fs::path path = text_of(fields, "path");
  if (!stays_below(path)) return "the journal names no path below the state folder";
  constexpr int kReading = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  UniqueFd fd{::open((state / path).c_str(), kReading)};
  if (!fd && errno == ENOENT)
    fd = UniqueFd{::open(((state / path).string() + kCompressedEnding).c_str(), kReading)};
  if (!fd && errno == ENOENT) return kMissing;
  if (!fd) return Error{"it cannot be opened", errno}.message();
  const auto size = fields.find("size");
  const bool has_size = size != fields.end() && size->is_number_unsigned();
  const auto expected = has_size ? size->get<std::uint64_t>() : 0;
  const auto found = hash(std::move(fd), expected);
  if (!found) return found.error().message();
  if (!has_size || expected != found->size)
    return fmt::format("it was altered: it holds {} bytes", found->size);
  if (text_of(fields, "sha256") != found->sha256) return "it was altered: its SHA-256 is another";
  return {};
}

// Where a walk of these files begins: at the first record, unless it is a later segment alone.
Result<WalkStart> start_in(const std::vector<fs::path>& files, const fs::path& folder_or_file) {
  if (files.empty()) return fail("there is no journal in {}", folder_or_file.string());
  std::error_code ignored;
  if (!fs::is_regular_file(folder_or_file, ignored)) return WalkStart{};
  ASSIGN_OR_RETURN(const auto found, start_of_segment(files, 0));
  return found ? found->start : WalkStart{};
}

Result<Walk> walk_all(const fs::path& folder_or_file, const std::vector<std::uint64_t>& roots_at,
                      const ViewVisit& visit) {
  ASSIGN_OR_RETURN(const auto files, journal_files(folder_or_file));
  ASSIGN_OR_RETURN(auto start, start_in(files, folder_or_file));
  start.roots_at = roots_at;
  return walk_records(files, visit, start);
}

}  // namespace

Result<Walk> verify_journal(const fs::path& folder_or_file, const std::vector<std::uint64_t>& roots_at) {
  return walk_all(folder_or_file, roots_at, [](const RecordView&, const Place&) { return Done{}; });
}

Result<RecordingSum> hash_plain(UniqueFd file, std::uint64_t) { return hash_recording(file.get()); }

Result<Verification> verify_all(const fs::path& folder_or_file, const fs::path& state,
                                const std::vector<std::uint64_t>& roots_at, const RecordingHash& hash) {
  Verification verdict;
  // Those that are missing, by path and hash, until a record says that they were deleted.
  std::map<std::pair<std::string, std::string>, std::string> missing;
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    if (view.event != "recording.closed" && view.event != "recording.deleted") return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    const auto session = text_of(record.fields, "session"), path = text_of(record.fields, "path");
    const std::pair named{path, text_of(record.fields, "sha256")};
    if (view.event == "recording.deleted") {
      verdict.recordings.deleted += missing.erase(named);
      return {};
    }
    ++verdict.recordings.checked;
    auto problem = problem_of(record.fields, state, hash);
    if (problem == kMissing)
      missing[named] = session;
    else if (!problem.empty())
      verdict.recordings.faults.push_back({session, path, std::move(problem)});
    return {};
  };
  ASSIGN_OR_RETURN(verdict.walk, walk_all(folder_or_file, roots_at, visit));
  for (const auto& [named, session] : missing)
    verdict.recordings.faults.push_back({session, named.first, kMissing});
  return verdict;
}

}  // namespace sallyport
