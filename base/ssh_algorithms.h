// SshAlgorithms: the names of SSH algorithms by what they are for, each list in order of preference. What is
// offered is decided in policies/ssh_algorithms.h; a worker applies it. Runs in: all.
#pragma once

#include <string>
#include <vector>

namespace sallyport {

struct SshAlgorithms {
  std::vector<std::string> key_exchanges, ciphers, macs, host_keys;
  bool operator==(const SshAlgorithms&) const = default;
};

}  // namespace sallyport
