// Policy: a named file of services, limits and login methods (policies/*.toml). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "policies/service.h"
#include "policies/target.h"

namespace sallyport {

enum class ResponseMethod : std::uint8_t { ocra, ssh_signature, webauthn };
const char* to_text(ResponseMethod method) noexcept;

// Which way files may go, by sftp and scp; of any other program the bytes of each way are counted and hashed.
enum class FileWays : std::uint8_t { none, to_target, from_target, both };

struct Policy {
  std::string name;  // the file's name without .toml
  std::string description;
  std::vector<TargetKind> targets;  // the kinds it is for; empty: all
  std::vector<Service> services;

  // [limits]: the most that `enable` may ask for, and what holds while a session lasts.
  std::chrono::seconds connect_within{std::chrono::hours{24}};
  std::chrono::seconds session{std::chrono::hours{8}};
  std::chrono::seconds idle{std::chrono::minutes{30}};
  std::uint32_t failed_logins = 10;  // of one source on a grant; then that is barred, or the grant locks
  bool failed_dial_spends = false;   // whether a grant is spent when its target cannot be reached
  std::uint32_t channels = 10;       // SSH channels on one connection

  // [login]
  std::vector<ResponseMethod> methods{ResponseMethod::ocra};
  bool user_verification = false;  // a signature counts only by a security key with PIN or fingerprint

  // [ssh]
  FileWays files = FileWays::both;

  // [recording]
  bool record_input = false;                   // what the rep types, while the terminal echoes
  std::uint64_t recording_limit = 1ULL << 30;  // bytes of one recording; reaching it ends the session (I6)
  std::vector<std::string> masked_after;       // rules for what no recording may show (base/mask_rule.h)
};

}  // namespace sallyport
