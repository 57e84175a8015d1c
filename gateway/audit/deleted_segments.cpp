// Runs in: sallyportd, sallyport, sallyport-send, sallyport-metrics.
#include "gateway/audit/deleted_segments.h"

#include <fcntl.h>

#include "base/unique_fd.h"
#include "gateway/audit/line_reader.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

bool says_deleted(std::string_view line, std::uint64_t number, const Position& end) {
  Chain any;
  const auto view = any.sound(line);
  if (!view || view->event != kSegmentDeletedEvent) return false;
  const auto record = take_apart(view->line);
  if (!record) return false;
  const auto is = [&](const char* key, const nlohmann::json& value) {
    const auto found = record->fields.find(key);
    return found != record->fields.end() && *found == value;
  };
  return is("segment", number) && is("last", end.seq) && is("head", end.hash);
}

// Whether a record of `file` says that this segment, which ended there, was deleted.
Result<bool> tells_deletion(const fs::path& file, std::uint64_t number, const Position& end) {
  const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", file.string());
  LineReader reader{fd.get()};
  for (;;) {
    const auto line = reader.next();
    if (!line) return tl::unexpected{line.error().within(file.string())};
    if (!*line) return false;
    const auto text = (*line)->text;
    // Few lines are worth their hash.
    if ((*line)->ended && text.find(kSegmentDeletedEvent) != text.npos && says_deleted(text, number, end))
      return true;
  }
}

}  // namespace

Entry deletion_entry(const SegmentDeletion& deletion) {
  return {std::string{kSegmentDeletedEvent},
          {{"segment", deletion.number},
           {"last", deletion.end.seq},
           {"head", deletion.end.hash},
           {"latest", deletion.latest},
           {"sha256", deletion.sha256},
           {"keep_days", deletion.keep_days},
           {"by", deletion.by}}};
}

Result<std::optional<WalkStart>> start_of_journal(const std::vector<fs::path>& files) {
  const auto first = files.empty() ? std::nullopt : segment_number(files.front());
  if (!first || *first <= 1) return WalkStart{};
  ASSIGN_OR_RETURN(const auto left, start_of_segment(files, 0));
  if (!left) return std::nullopt;
  for (auto i = files.size(); i-- > 0;) {
    ASSIGN_OR_RETURN(const bool told, tells_deletion(files[i], *first - 1, left->start.position));
    if (told) return left->start;
  }
  return std::nullopt;
}

}  // namespace sallyport
