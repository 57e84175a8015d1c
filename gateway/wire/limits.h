// How long the fields of a message between a worker and the monitor may be. Runs in: sallyportd, the workers.
#pragma once

#include <cstddef>

#include "base/ssh_algorithms.h"
#include "gateway/wire/api_token.h"

namespace sallyport {

inline constexpr std::size_t kMessageLimit = 64 * 1024;

// Limits of single fields, in bytes.
namespace limit {
inline constexpr std::size_t user = 64, password = 512, response = 16 * 1024, prompt = 12 * 1024,
                             sentence = 512, name = 64, term = 64, host = 255, command = 16 * 1024,
                             key = 16 * 1024, banner = 4096, keys = 16, file = 4096, sha256 = 64,
                             algorithms = 32, algorithm = 64, negotiated = 2 * algorithm + 3,
                             certificates = 32 * 1024, authority = 261, aliases = 16, pins = 8, pin = 44,
                             api_sessions = 24, api_session = kLongestApiToken, credentials = 16,
                             credential = 1364, challenge_bytes = 43;
}  // namespace limit

template <class V>
void visit_algorithms(V& v, SshAlgorithms& lists) {
  for (auto* const list : {&lists.key_exchanges, &lists.ciphers, &lists.macs, &lists.host_keys})
    v.texts(*list, limit::algorithms, limit::algorithm);
}

}  // namespace sallyport
