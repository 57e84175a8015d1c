// The gate's own SSH host keys: private ones go to each worker, which must hold them because libssh has no
// way to sign elsewhere (docs/TRUST.md); public ones make the fingerprints that the admin reads out.
// Runs in: sallyportd (privileged); sallyport doctor, to see that they are in order.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

struct HostKeys {
  std::vector<Secret> private_keys;       // as ssh-keygen wrote them, the preferred one first
  std::vector<std::string> fingerprints;  // "SHA256:… (ED25519)", in the same order

  // "SHA256:…" of the preferred one.
  std::string fingerprint() const { return fingerprints.front().substr(0, fingerprints.front().find(' ')); }

  // `folder`/ssh_host_TYPE_key of the types that the profile offers, with their .pub files; at least one
  // pair.
  static Result<HostKeys> load(const std::filesystem::path& folder, SshProfile profile);
};

}  // namespace sallyport
