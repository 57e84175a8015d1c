// Secrets that the console hands in: under the configuration folder's secrets/, for root alone (I9), and
// sealed where the service manager gave the gate a key (auth/sealed_secret.h). Runs in: sallyportd
// (privileged).
#pragma once

#include <filesystem>

#include "base/secret.h"
#include "gateway/monitor/gate.h"

namespace sallyport {

// Makes the folders above `path` with mode 0700 where they are missing, then replaces the file whole, mode
// 0600.
Done store_privately(const std::filesystem::path& path, std::string_view text);
// The id of the key that secrets are sealed with (auth/sealed_secret.h); empty: there is none. Of a
// credential that does not serve: why.
std::string sealing_key_id(const Gate& gate);
// Stores as above, sealed if there is a key.
Done store_secret(Gate& gate, const std::filesystem::path& path, const Secret& secret);
// Seals what is not sealed yet of the reps' and targets' secrets, if there is a key: at each start and
// reload, so that giving the gate a key is all there is to do. Journaled first. What cannot be sealed stays
// as it is and is logged.
void seal_stored_secrets(Gate& gate);

}  // namespace sallyport
