// The SSH algorithms that the gate offers, in order of preference. What the linked libssh does not know is
// left out, so that a newer library brings its newer algorithms without a change here. Runs in:
// sallyport-ssh.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/ssh/handles.h"

namespace sallyport {

enum class AlgorithmKind { key_exchange, cipher, mac, host_key };

// For the rep: current algorithms only, no SHA-1, no group exchange, MACs only encrypt-then-MAC.
std::vector<std::string_view> rep_algorithms(AlgorithmKind kind);
// For the target: also what an older appliance speaks, but never SHA-1, CBC or DSA.
std::vector<std::string_view> target_algorithms(AlgorithmKind kind);

// Those of `preferred` that `known` accepts, comma-separated, in their order; empty when there is none.
std::string keep_known(const std::vector<std::string_view>& preferred,
                       const std::function<bool(const std::string&)>& known);

Done set_rep_algorithms(ssh_bind bind);
// `pinned` are the types of the pinned host keys; their algorithms go first, so that a target with keys of
// several types shows the one that can be compared.
Done set_target_algorithms(ssh_session session, const std::vector<ssh_keytypes_e>& pinned);

}  // namespace sallyport
