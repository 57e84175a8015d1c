// recording.read, recording.rule and recording.delete. Runs in: sallyportd (privileged).
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "gateway/monitor/commands.h"
#include "gateway/monitor/keeping.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMostChannel = 0xffffffff;
constexpr std::array<std::string_view, 3> kPurposes{"replay", "search", "export"};

Result<std::uint32_t> channel_of(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto asked, context.number("channel"));
  if (!asked || *asked == 0 || *asked > kMostChannel)
    return fail("'channel' is to be a number from 1 to {}", kMostChannel);
  return static_cast<std::uint32_t>(*asked);
}

Done may_read(const CommandContext& context) {
  if (context.reviews || context.gate.catalogue.settings.recordings.admins_may_read) return {};
  return fail("recordings are for auditors: this needs group {}, or admins_may_read in sallyport.toml",
              kAuditorGroup);
}

// When the file was last written to.
Result<WallTime> last_written(const std::filesystem::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return fail_errno("looking at {}", file.string());
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", file.string());
  return WallTime{std::chrono::seconds{status.st_mtim.tv_sec}};
}

}  // namespace

// What is to be done with recordings that are over.
CommandResult recording_rule_command(const CommandContext& context) {
  return Json{{"keep_days", context.gate.catalogue.settings.recordings.keep_days}};
}

// The verb behind recording.delete, root's alone: what goes, and which hash it had, is on record before it
// goes.
CommandResult recording_delete_command(const CommandContext& context) {
  Gate& gate = context.gate;
  if (context.actor.uid != 0) return fail("recordings are deleted by root's timer alone");
  ASSIGN_OR_RETURN(const auto session, context.text("session"));
  ASSIGN_OR_RETURN(const auto channel, channel_of(context));
  ASSIGN_OR_RETURN(const auto sha256, context.sha256("sha256"));
  if (gate.ledger.open_recordings().contains({session, channel})) return fail("it is still being written");
  ASSIGN_OR_RETURN(const auto file, gate.recordings.existing(session, channel));
  // When it was closed the console has read in the journal.
  ASSIGN_OR_RETURN(const auto closed, context.text("closed"));
  ASSIGN_OR_RETURN(const auto over, from_rfc3339(closed));
  ASSIGN_OR_RETURN(const auto written, last_written(file));
  const auto days = gate.catalogue.settings.recordings.keep_days;
  RETURN_IF_ERROR(is_old(gate, file.string(), days, over, written));
  const Entry entry{"recording.deleted",
                    {{"session", session},
                     {"channel", channel},
                     {"path", fmt::format("recordings/{}/{}.cast", session, channel)},
                     {"sha256", sha256},
                     {"closed", closed},
                     {"by", context.actor.name},
                     {"keep_days", days}}};
  RETURN_IF_ERROR(gate.ledger.note(entry));
  RETURN_IF_ERROR(gate.recordings.remove(session, channel));
  return Json::object();
}

// The verb behind recording.read: who reads what, and what for, is on record before the first byte is handed
// out; if it cannot be, nothing is.
CommandResult recording_read_command(const CommandContext& context) {
  Gate& gate = context.gate;
  RETURN_IF_ERROR(may_read(context));
  ASSIGN_OR_RETURN(const auto session, context.text("session"));
  ASSIGN_OR_RETURN(const auto channel, channel_of(context));
  ASSIGN_OR_RETURN(const auto purpose, context.text("purpose"));
  if (std::find(kPurposes.begin(), kPurposes.end(), purpose) == kPurposes.end())
    return fail("'purpose' is to be replay, search or export");
  const auto recording = gate.recordings.reader(session, channel);
  if (!recording && recording.error().code() == ENOENT) return Json{{"known", false}};
  if (!recording) return tl::unexpected{recording.error()};
  Entry entry{"recording.read",
              {{"session", session}, {"channel", channel}, {"by", context.actor.name}, {"purpose", purpose}}};
  if (const Grant* const grant = gate.ledger.find(session)) entry.fields["grant"] = grant->id.value();
  RETURN_IF_ERROR(gate.ledger.note(entry));
  gate.control->find(context.connection)->answer(Json{{"known", true}}, recording->get());
  return std::optional<Json>{};
}

}  // namespace sallyport
