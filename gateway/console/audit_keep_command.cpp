// audit keep: what a timer does with recordings that are over, and with a journal that grows old. Runs in:
// sallyport, as root.
#include <fmt/core.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/escape.h"
#include "gateway/console/audit_commands.h"
#include "gateway/console/audit_reading.h"
#include "gateway/console/control_client.h"
#include "gateway/console/journal_keeping.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/recording_zstd.h"
#include "gateway/review/selection.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::days kSettled{1};  // nobody follows one any more that was closed so long ago

struct ClosedRecording {
  std::string session;
  std::uint64_t channel = 0;
  WallTime closed;
  RecordingSum sum;
};

// What the journal says was closed and not yet deleted, by path. One whose deletion is on record may still be
// there, if the gate died between the two.
Result<std::map<std::string, ClosedRecording>> closed_recordings(const ConsoleContext& context) {
  std::map<std::string, ClosedRecording> found;
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    const bool closed = view.event == "recording.closed";
    if (!closed && view.event != "recording.deleted") return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    const auto path = text_field(record, "path"), session = text_field(record, "session");
    const auto channel = number_of(record.fields, "channel");
    const bool ours = path == fmt::format("recordings/{}/{}.cast", session, channel) &&
                      session.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == session.npos;
    if (closed && ours && !record.fields.contains("alarm"))
      found[path] = {session,
                     channel,
                     record.time,
                     {path, number_of(record.fields, "size"), text_field(record, "sha256")}};
    else if (!closed && !is_recording(context.state / path))
      found.erase(path);
    return {};
  };
  // Of a broken journal nothing is taken for true that would have a recording deleted.
  RETURN_IF_ERROR(read_journal(context, visit));
  return found;
}

struct Kept {
  std::uint64_t compressed = 0, deleted = 0, segments_deleted = 0;
  std::vector<std::string> problems;
};

class Keeper {
 public:
  Keeper(ConsoleContext& context, WallTime now) : context_(context), now_(now) {}

  Result<Kept> run() {
    ASSIGN_OR_RETURN(const auto rule, ask(context_, {{"ask", "recording.rule"}}));
    const auto days = number_of(rule, "keep_days");
    ASSIGN_OR_RETURN(const auto recordings, closed_recordings(context_));
    for (const auto& [path, recording] : recordings) {
      const bool old = days > 0 && recording.closed <= now_ - std::chrono::days{days};
      const auto done = old ? remove(recording) : compress(recording);
      if (!done) kept_.problems.push_back(done.error().message());
    }
    // Last: a segment stays as long as a recording that it tells of.
    const auto segments = keep_segments(context_, now_);
    kept_.segments_deleted = segments.deleted;
    if (!segments.problem.empty()) kept_.problems.push_back(segments.problem);
    return std::move(kept_);
  }

 private:
  // One that was altered is evidence.
  Done remove(const ClosedRecording& recording) {
    const auto file = context_.state / recording.sum.path;
    if (!is_recording(file)) return {};
    ASSIGN_OR_RETURN(auto opened, open_recording(file.string()));
    ASSIGN_OR_RETURN(const auto found, hash_contents(std::move(opened), recording.sum.size));
    if (found.size != recording.sum.size || found.sha256 != recording.sum.sha256)
      return fail("{} is not what the journal says; it is not deleted", file.string());
    ASSIGN_OR_RETURN(const auto ignored, ask(context_, {{"ask", "recording.delete"},
                                                        {"session", recording.session},
                                                        {"channel", recording.channel},
                                                        {"sha256", recording.sum.sha256},
                                                        {"closed", to_rfc3339(recording.closed)}}));
    ++kept_.deleted;
    return {};
  }

  Done compress(const ClosedRecording& recording) {
    const auto file = context_.state / recording.sum.path;
    if (recording.closed > now_ - kSettled || !is_plain_recording(file)) return {};
    RETURN_IF_ERROR(compress_recording(file, recording.sum));
    ++kept_.compressed;
    return {};
  }

  ConsoleContext& context_;
  WallTime now_;
  Kept kept_;
};

Done keep(ConsoleContext& context) {
  ASSIGN_OR_RETURN(const auto kept, Keeper(context, SystemClock{}.wall()).run());
  if (context.json)
    print_json({{"compressed", kept.compressed},
                {"deleted", kept.deleted},
                {"segments_deleted", kept.segments_deleted},
                {"problems", kept.problems}});
  else
    print(fmt::format("{} recordings compressed, {} deleted; {} segments of the journal deleted\n",
                      kept.compressed, kept.deleted, kept.segments_deleted));
  for (const auto& problem : kept.problems) refuse_the_rest(context, Error{escape_terminal(problem)});
  return {};
}

}  // namespace

void add_keep_command(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand(
      "keep", "Compress recordings that are over, have what is old deleted; as root, by a timer");
  command.footer(
      "How long: keep_days in [recordings] and in [journal] of sallyport.toml. Example: sallyport audit "
      "keep");
  command.runs([&context] {
    if (auto done = keep(context); !done) refuse(context, done.error());
  });
}

}  // namespace sallyport
