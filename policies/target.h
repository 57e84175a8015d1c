// Target: an HMC: addresses, pinned host keys, how to log in there (targets/*.toml). Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "policies/service.h"

namespace sallyport {

enum class TargetLogin : std::uint8_t {
  key,       // a private key stored at the gate
  password,  // a password stored at the gate
  prompt,    // the target's own prompts, relayed to the rep verbatim
};
const char* to_text(TargetLogin login) noexcept;

struct Target {
  std::string name;  // the file's name without .toml
  std::string description;
  std::vector<Address> addresses;  // tried in order
  Port ssh_port{22};
  std::vector<std::string> host_keys;  // OpenSSH public key lines, "ssh-ed25519 AAAA…"; at least one
  std::string user;                    // whom to log in as there
  TargetLogin login = TargetLogin::prompt;
  std::filesystem::path secret_file;  // key or password; empty with `prompt`; readable by root only
};

}  // namespace sallyport
