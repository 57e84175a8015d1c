// Reps whose method is ssh-signature, and what is shown of a rep: rep enroll --key, unenroll, show, suspend,
// resume. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/console/command_line.h"
#include "gateway/console/context.h"

namespace sallyport {

struct KeyFiles {
  std::vector<std::string> keys, authorities;  // paths; "-" is standard input
  bool empty() const noexcept { return keys.empty() && authorities.empty(); }
};
// What `rep enroll NAME --key FILE --authority FILE` does.
Done enroll_keys(ConsoleContext& context, const std::string& name, const KeyFiles& files);

void add_rep_key_commands(const Command& reps, ConsoleContext& context);

}  // namespace sallyport
