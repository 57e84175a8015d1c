// Reading a target's host key off a connected socket, with libssh: the console does it, because the monitor
// never reads a peer's bytes. Nothing is sent but the key exchange. Runs in: sallyport.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "policies/host_key.h"

namespace sallyport {

// The key types asked for, one connection each; the names of one type's signatures stand together.
struct HostKeyType {
  const char* label;
  const char* algorithms;
};
inline constexpr HostKeyType kHostKeyTypes[] = {
    {"ED25519", "ssh-ed25519"},
    {"ECDSA", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"},
    {"RSA", "rsa-sha2-512,rsa-sha2-256,ssh-rsa"},
};

// The host key that the peer of `socket` proves to hold. An error also when it has none of that type.
Result<HostKey> read_host_key(UniqueFd socket, const HostKeyType& type);

// One key of each type that the target has; `dial` gives a fresh connection. An error when it has none at
// all.
Result<std::vector<HostKey>> read_host_keys(const std::function<Result<UniqueFd>()>& dial);

}  // namespace sallyport
