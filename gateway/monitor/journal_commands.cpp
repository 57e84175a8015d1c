// How long the journal is kept. Runs in: sallyportd (privileged).
#include "gateway/audit/deleted_segments.h"
#include "gateway/monitor/commands.h"
#include "gateway/monitor/keeping.h"

namespace sallyport {

CommandResult journal_rule_command(const CommandContext& context) {
  return nlohmann::json{{"keep_days", context.gate.catalogue.settings.journal.keep_days}};
}

// The verb behind journal.delete, root's alone. Which segment goes and where it ended is ours to say; the
// hash of a file that may be large is the console's.
CommandResult journal_delete_command(const CommandContext& context) {
  Gate& gate = context.gate;
  if (context.actor.uid != 0) return fail("the journal's old segments are deleted by root's timer alone");
  ASSIGN_OR_RETURN(const auto number, context.number("segment"));
  ASSIGN_OR_RETURN(const auto sha256, context.sha256("sha256"));
  ASSIGN_OR_RETURN(const auto oldest, gate.ledger.oldest_segment());
  if (!oldest || oldest->number != number)
    return fail("'segment' is to be the number of the oldest segment, of those before the last");
  const auto days = gate.catalogue.settings.journal.keep_days;
  ASSIGN_OR_RETURN(const auto latest, from_rfc3339(oldest->latest));
  RETURN_IF_ERROR(is_old(gate, fmt::format("segment {} of the journal", oldest->number), days, latest,
                         oldest->last_written));
  const auto word =
      deletion_entry({oldest->number, oldest->end, oldest->latest, sha256, days, context.actor.name});
  RETURN_IF_ERROR(gate.ledger.delete_segment(*oldest, word));
  return nlohmann::json::object();
}

}  // namespace sallyport
