// Which SSH algorithms the gate offers to reps and to targets. Names: IANA "Secure Shell (SSH) Protocol
// Parameters" and OpenSSH's PROTOCOL. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "base/ssh_algorithms.h"

namespace sallyport {

struct Target;

enum class SshProfile : std::uint8_t {
  modern,        // post-quantum hybrids and curve25519 first, ed25519 host keys
  nist_800_131a  // only what NIST SP 800-131A Rev. 2 allows: NIST curves, AES, SHA-2
};

// The types of host keys that the gate offers, as in ssh_host_TYPE_key, the preferred one first.
constexpr std::array<const char*, 2> host_key_types(SshProfile profile) noexcept {
  return profile == SshProfile::modern ? std::array{"ed25519", "rsa"} : std::array{"ecdsa", "rsa"};
}

// For reps: current algorithms only; no SHA-1, no group exchange, MACs only encrypt-then-MAC. What the linked
// libssh does not know is left out by the worker, so that a newer library brings its newer algorithms.
SshAlgorithms algorithms_for_reps(SshProfile profile);
// For targets: also what an older appliance speaks, but no SHA-1, CBC or DSA.
SshAlgorithms algorithms_for_targets(SshProfile profile);
// What algorithms_for_targets() has in any profile.
SshAlgorithms known_to_targets();
// `algorithms` and after them what only an old HMC still needs: SHA-1, CBC, group exchange.
SshAlgorithms with_legacy(SshAlgorithms algorithms);

// What to offer to `target`: its own lists, if it has any, as far as profile and `legacy` allow their items.
SshAlgorithms offered_to(const Target& target, SshProfile profile);

}  // namespace sallyport
