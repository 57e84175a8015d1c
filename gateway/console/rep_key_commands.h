// Reps who answer with keys, and what is shown of a rep: rep enroll --key and --webauthn, unenroll, show,
// suspend, resume. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/audit/json.h"
#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

struct KeyFiles {
  std::vector<std::string> keys, authorities, credentials;  // paths; "-" is standard input
  bool empty() const noexcept { return keys.empty() && authorities.empty() && credentials.empty(); }
};
// What `rep enroll NAME --key FILE --authority FILE --webauthn FILE` does. Returns {"enrolled": [key, …]}.
Result<nlohmann::json> enroll_keys(ConsoleContext& context, const std::string& name, const KeyFiles& files);
void print_enrolled_keys(const ConsoleContext& context, const std::string& name, const KeyFiles& files,
                         const nlohmann::json& told);

void add_rep_key_commands(const Command& reps, ConsoleContext& context);

}  // namespace sallyport
