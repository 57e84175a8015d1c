// Rep: a service representative (reps/*.toml). Pure.
#pragma once

#include <filesystem>
#include <string>

#include "policies/policy.h"

namespace sallyport {

struct Rep {
  std::string name;  // the file's name without .toml; what the rep logs in as
  std::string full_name;
  std::string contact;
  std::string account;  // PAM user name; the rep's own name unless the file says otherwise
  ResponseMethod method = ResponseMethod::ocra;
  std::string suite;                  // RFC 6287 OCRASuite
  bool mutual = false;                // the gate answers a question of the rep's first (auth/ocra_mutual.h)
  std::filesystem::path secret_file;  // auth/ocra_secret.h; does not exist before `rep enroll`
  std::filesystem::path keys_file;  // public keys for ssh-signature; does not exist before `rep enroll --key`
};

}  // namespace sallyport
