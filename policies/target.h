// Target: an HMC: addresses, pinned host keys, how to log in there (targets/*.toml). Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/ssh_algorithms.h"
#include "policies/service.h"

namespace sallyport {

enum class TargetLogin : std::uint8_t {
  key,       // a private key stored at the gate
  password,  // a password stored at the gate
  prompt,    // the target's own prompts, relayed to the rep verbatim
};
const char* to_text(TargetLogin login) noexcept;

// What stands behind the console. A DS8000 never offers its managed system to a rep.
enum class TargetKind : std::uint8_t { power, ds8000 };
const char* to_text(TargetKind kind) noexcept;

// A server that a Power HMC manages, reached by `forward` services with reach = "managed-system".
struct ManagedSystem {
  std::string name;  // as `enable --managed-system` says it
  std::string description;
  std::vector<Address> addresses;  // at most one of a family
};

// Its web interface and REST API, as the gate's HTTPS door reaches them.
struct TargetHttps {
  Port port{443};
  std::string name;                   // what it is called in URLs: a host name or an address
  std::vector<std::string> aliases;   // what else it calls itself
  std::vector<std::string> pins;      // Base64 of the SHA-256 of a public key (RFC 7469, section 2.4)
  std::filesystem::path authorities;  // PEM, root's; without pins: who certifies `name`
};

struct Target {
  std::string name;  // the file's name without .toml
  std::string description;
  TargetKind kind = TargetKind::power;
  std::vector<ManagedSystem> managed_systems;  // power only
  std::vector<Address> addresses;              // tried in order; of a DS8000, its one or two HMCs
  Port ssh_port{22};
  std::vector<std::string> host_keys;  // OpenSSH public key lines, "ssh-ed25519 AAAA…"; at least one
  bool legacy = false;                 // also offer SHA-1, CBC and the like, for an old HMC
  SshAlgorithms algorithms;            // only these, in this order; an empty list: all that the gate offers
  std::string user;                    // whom to log in as there
  TargetLogin login = TargetLogin::prompt;
  std::optional<TargetHttps> https;   // without [https] its web interface is not offered
  std::filesystem::path secret_file;  // key or password; empty with `prompt`; readable by root only
};

}  // namespace sallyport
