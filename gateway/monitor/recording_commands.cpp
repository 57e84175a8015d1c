// recording.read. Runs in: sallyportd (privileged).
#include <algorithm>
#include <array>

#include "gateway/monitor/commands.h"

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

}  // namespace

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
