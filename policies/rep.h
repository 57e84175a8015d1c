// Rep: a service representative (reps/*.toml). Pure.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "policies/policy.h"

namespace sallyport {

struct Rep {
  std::string name;  // the file's name without .toml; what the rep logs in as
  std::string full_name;
  std::string contact;
  std::string account;  // PAM user name; the rep's own name unless the file says otherwise
  ResponseMethod method = ResponseMethod::ocra;
  bool webauthn = false;  // at the HTTPS door this, whatever `method` is; always with method webauthn
  std::string suite;      // RFC 6287 OCRASuite
  bool mutual = false;    // the gate answers a question of the rep's first (auth/ocra_mutual.h)
  std::filesystem::path secret_file;  // auth/ocra_secret.h; does not exist before `rep enroll`
  std::filesystem::path keys_file;  // public keys for ssh-signature; does not exist before `rep enroll --key`
  std::filesystem::path credentials_file;  // the same for webauthn, before `rep enroll --webauthn`
};

// By what the rep answers at the door `ssh` or `https`; nothing: not at all. One method a door, so that
// nobody can choose the weaker one. WebAuthn needs a browser, so a rep who has nothing else is a stranger to
// SSH.
std::optional<ResponseMethod> method_at(const Rep& rep, Carriage door);
// What holds the rep's half of that method.
const std::filesystem::path& enrolled_file(const Rep& rep, ResponseMethod method);

}  // namespace sallyport
