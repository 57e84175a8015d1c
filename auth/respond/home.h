// Where the representative's files are. Runs in: sallyport-respond (as the representative).
#pragma once

#include <filesystem>

#include "base/result.h"

namespace sallyport {

// $HOME; Error when it is not known.
Result<std::filesystem::path> home_folder();
// $XDG_CONFIG_HOME/sallyport, as a rule ~/.config/sallyport: what lasts.
Result<std::filesystem::path> config_folder();
// $XDG_RUNTIME_DIR/sallyport, else ~/.cache/sallyport: what one connection's prompts hand on.
Result<std::filesystem::path> runtime_folder();
// Makes it and what leads to it, if need be; the last one for its owner alone.
Done make_private_folder(const std::filesystem::path& folder);

}  // namespace sallyport
