// Runs in: sallyport, as root, by a timer.
#include "gateway/console/journal_keeping.h"

#include <fcntl.h>

#include "base/escape.h"
#include "gateway/audit/recording_store.h"
#include "gateway/audit/walk.h"
#include "gateway/console/control_client.h"
#include "gateway/console/sending.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/selection.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

// Whoever is sent the journal and has not got all of this segment.
Done nobody_waits(const ConsoleContext& context, std::uint64_t last) {
  ASSIGN_OR_RETURN(const auto destinations, destinations_of(context));
  ASSIGN_OR_RETURN(const auto all, noted_sending(context, destinations));
  for (const auto& sending : all) {
    const auto position = sending.delivery.position.value_or(Position{});
    if (position.seq < last)
      return fail(
          "destination '{}' has the records up to {} only (fix: see 'sallyport audit sending', or take its "
          "[[send]] out of sallyport.toml)",
          sending.destination.name, position.seq);
  }
  return {};
}

// A recording that is still there would be one that no record tells of.
Done no_recording_stays(const fs::path& segment, const fs::path& state) {
  const std::vector files{segment};
  ASSIGN_OR_RETURN(const auto found, start_of_segment(files, 0));
  auto start = found ? found->start : WalkStart{};
  start.without_tree = true;
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    if (view.event != "recording.closed") return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    const auto path = text_field(record, "path");
    if (!is_recording(state / path)) return {};
    return fail("recording {} is still there (fix: see what 'sallyport audit verify' says of it)",
                escape_terminal(path));
  };
  ASSIGN_OR_RETURN(const auto walked, walk_records(files, visit, start));
  return {};
}

Result<std::string> hash_of_file(const fs::path& path) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path.string());
  ASSIGN_OR_RETURN(const auto sum, hash_recording(fd.get()));
  return sum.sha256;
}

// False: none is old.
Result<bool> delete_oldest(ConsoleContext& context, std::chrono::days keep, WallTime now) {
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(context.state)));
  if (files.size() < 2) return false;
  ASSIGN_OR_RETURN(const auto next, start_of_segment(files, 1));
  const auto number = segment_number(files.front());
  if (!next || !number) return fail("{} does not open as a segment", files[1].string());
  ASSIGN_OR_RETURN(const auto latest, from_rfc3339(next->opening.latest));
  if (latest > now - keep) return false;
  const auto stays = [&](const Error& why) {
    return tl::unexpected{why.within(fmt::format("{} is old, but stays", files.front().filename().string()))};
  };
  if (auto done = nobody_waits(context, next->start.position.seq); !done) return stays(done.error());
  if (auto done = no_recording_stays(files.front(), context.state); !done) return stays(done.error());
  ASSIGN_OR_RETURN(const auto sha256, hash_of_file(files.front()));
  const auto asked = ask(context, {{"ask", "journal.delete"}, {"segment", *number}, {"sha256", sha256}});
  if (!asked) return stays(asked.error());
  std::error_code ignored;
  if (fs::exists(files.front(), ignored)) return stays(Error{"the gate has not deleted it"});
  return true;
}

}  // namespace

SegmentsKept keep_segments(ConsoleContext& context, WallTime now) {
  SegmentsKept kept;
  const auto run = [&]() -> Done {
    ASSIGN_OR_RETURN(const auto rule, ask(context, {{"ask", "journal.rule"}}));
    const std::chrono::days keep{number_of(rule, "keep_days")};
    for (bool more = keep.count() > 0; more;) {
      ASSIGN_OR_RETURN(more, delete_oldest(context, keep, now));
      kept.deleted += more ? 1 : 0;
    }
    return {};
  };
  if (auto done = run(); !done) kept.problem = done.error().message();
  return kept;
}

}  // namespace sallyport
