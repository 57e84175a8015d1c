// SshSig: a signature as `ssh-keygen -Y sign` writes it (OpenSSH PROTOCOL.sshsig), read strictly. Pure.
// Runs in: sallyport-auth.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

inline constexpr std::string_view kArmourBegin = "-----BEGIN SSH SIGNATURE-----";
inline constexpr std::string_view kArmourEnd = "-----END SSH SIGNATURE-----";

struct SshSig {
  std::string key;  // the signer's public key or certificate, as on the wire
  std::string name_space;
  std::string hash;       // "sha256" or "sha512"
  std::string signature;  // over signed_data()

  // Armoured, or the bare Base64 of it; spaces and line ends of any kind are skipped, because it was pasted
  // through a terminal. Refused: anything before or behind, another version than 1, another namespace than
  // the expected one (without one: a challenge's), a reserved field that is not empty (ssh-keygen lets that
  // pass), another hash, trailing bytes.
  static Result<SshSig> read(std::string_view text);
  static Result<SshSig> read(std::string_view text, std::string_view name_space);

  // What was signed for `message`.
  std::string signed_data(std::string_view message) const;
};

}  // namespace sallyport
