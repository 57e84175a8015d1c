// What the commands about reps share: the rep that a command names, how it is shown, when its method may
// change. Runs in: sallyportd (privileged).
#pragma once

#include "gateway/monitor/commands.h"

namespace sallyport {

Result<const Rep*> named_rep(const CommandContext& context);
nlohmann::json rep_to_json(const Gate& gate, const Rep& rep);
std::filesystem::path rep_file(const Gate& gate, const std::string& name);
// A record of a rep, with who does it.
Entry by(const CommandContext& context, const char* event, const std::string& rep);
// From whose signed set it comes, where the console says so.
Done note_import(const CommandContext& context, Entry& entry);
bool has_live_grant(const Gate& gate, const std::string& rep);
// A policy has allowed the methods of a live grant's rep, not other ones: Error while there is such a grant
// and `changed` would be asked otherwise at a door.
Done check_method_change(const Gate& gate, const Rep& rep, const Rep& changed);

}  // namespace sallyport
