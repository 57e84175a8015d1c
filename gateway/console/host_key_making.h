// The gate's own SSH host key, made where there is none. With libssh, so that no other program is needed and
// no unfinished file is ever there. Runs in: sallyport.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

struct OwnHostKey {
  std::filesystem::path file;
  std::string shown;  // "SHA256:… (ED25519)"
  bool is_new = false;
};

// The preferred one of those that `folder` has for `profile`; where it has none, a new one is written there.
Result<OwnHostKey> have_host_key(const std::filesystem::path& folder, SshProfile profile,
                                 const std::string& comment);

}  // namespace sallyport
