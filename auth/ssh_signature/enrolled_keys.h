// EnrolledKeys: whose signatures are a rep's: the file of one rep, a line a key. Pure.
// Runs in: sallyportd (writes it), sallyport-auth (reads it at each login).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/ssh_signature/public_key.h"

namespace sallyport {

// `key`: signs challenges itself. `authority`: signs certificates of keys that do.
enum class KeyRole : std::uint8_t { key, authority };
const char* to_text(KeyRole role) noexcept;

struct EnrolledKey {
  KeyRole role = KeyRole::key;
  PublicKey key;
  std::string comment;  // as it stood in the public key's file; printable, may be empty
};

inline constexpr std::size_t kMostEnrolledKeys = 32, kLongestKeysFile = 256 * 1024;

struct EnrolledKeys {
  std::vector<EnrolledKey> entries;

  // "key ssh-ed25519 AAAA… comment" and "authority …", a line each; empty lines and lines that begin with '#'
  // are skipped. One line that cannot be used refuses the file.
  static Result<EnrolledKeys> parse(std::string_view text);
  std::string text() const;

  // The entry of this role with this key; null when there is none.
  const EnrolledKey* find(KeyRole role, const PublicKey& key) const;
};

// The keys in a file that an admin hands in: one or more lines as in id_ed25519.pub, comments in front of
// which '#' stands. Refused with what to do: a private key, a certificate (its authority is what is
// enrolled), options in front (authorized_keys), a weak or unknown key, no key at all.
Result<std::vector<EnrolledKey>> parse_public_keys(std::string_view text, KeyRole role);

}  // namespace sallyport
