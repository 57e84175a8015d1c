// ssh's own list of machines: does the challenge come from the machine that ssh is connected to?
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/respond/challenge.h"
#include "auth/respond/options.h"
#include "base/result.h"

namespace sallyport {

// Fingerprints (SHA256:…) of the keys that the text, in the format of sshd(8), has for `host`: by name, by
// pattern, or hashed; with any port. Of a line that cannot be read, and of @revoked keys, nothing.
struct KnownHostKey {
  std::string type, fingerprint;
};
std::vector<KnownHostKey> host_keys_of(std::string_view known_hosts, std::string_view host);

// A stranger's machine can pass on the challenge of the real gate to whoever logs in there. ssh has told us
// to which machine it is connected, and its known_hosts (--known-hosts, else ~/.ssh/known_hosts) what keys
// that machine has: the challenge must be of one of them. No statement where the machine is not listed, or
// not with a key of type ssh-ed25519, which is the one that a gate's challenges name.
Result<std::optional<Refusal>> check_host(const Options& options, std::string_view host,
                                          std::string_view fingerprint);

}  // namespace sallyport
