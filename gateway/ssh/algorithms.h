// The SSH algorithms that the monitor has listed (policies/ssh_algorithms.h), as far as the linked libssh
// knows them; and which of them the peers agreed on. Runs in: sallyport-ssh.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/ssh_algorithms.h"
#include "gateway/ssh/handles.h"
#include "gateway/wire/message.h"

namespace sallyport {

// Those of `preferred` that `known` accepts, comma-separated, in their order; empty when there is none.
std::string keep_known(const std::vector<std::string>& preferred,
                       const std::function<bool(const std::string&)>& known);

Done set_rep_algorithms(ssh_bind bind, const SshAlgorithms& algorithms);
// `pinned` are the types of the pinned host keys; their algorithms go first, so that a target with keys of
// several types shows the one that can be compared.
Done set_target_algorithms(ssh_session session, SshAlgorithms algorithms,
                           const std::vector<ssh_keytypes_e>& pinned);

// After the key exchange.
Negotiated negotiated(ssh_session session);

}  // namespace sallyport
