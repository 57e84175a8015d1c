// EnrolledKeys: whose signatures are a rep's: the file of one rep, a line a key. Pure.
// Runs in: sallyportd (writes it), sallyport-auth (reads it at each login).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/ssh_signature/public_key.h"

namespace sallyport {

// `key`: signs challenges itself. `authority`: signs certificates of keys that do. `webauthn`: a security
// key's for the HTTPS door (auth/webauthn/); it lies in a file of its own, and in no other role.
enum class KeyRole : std::uint8_t { key, authority, webauthn };
inline constexpr std::array kKeyRoles{KeyRole::key, KeyRole::authority, KeyRole::webauthn};
const char* to_text(KeyRole role) noexcept;
Result<KeyRole> key_role_from(std::string_view text);

struct EnrolledKey {
  KeyRole role = KeyRole::key;
  PublicKey key;
  std::string comment;       // as it stood in the public key's file; printable, may be empty
  std::string credential{};  // of role webauthn: its id, by which an authenticator finds the key

  // "ssh-ed25519 AAAA… comment", as in a .pub file; of role webauthn the id stands before the comment.
  std::string public_line() const;
};

inline constexpr std::size_t kMostEnrolledKeys = 32, kLongestKeysFile = 256 * 1024;
// W3C Web Authentication Level 2, section 4, "Credential ID": 16 bytes are the least that can be told apart,
// 1,023 the most. A page that asks for a key holds all ids of a rep.
inline constexpr std::size_t kShortestCredentialId = 16, kLongestCredentialId = 1023, kMostCredentials = 16;

struct EnrolledKeys {
  std::vector<EnrolledKey> entries;

  // "key ssh-ed25519 AAAA… comment", "authority …" and "webauthn ecdsa-sha2-nistp256 AAAA… ID comment" (the
  // id in base64url), a line each; empty lines and lines that begin with '#' are skipped. One line that
  // cannot be used refuses the file.
  static Result<EnrolledKeys> parse(std::string_view text);
  std::string text() const;

  // Refuses what is there already, and what is more than a rep may have.
  Done add(EnrolledKey entry);
  // Those of `roles` alone.
  EnrolledKeys only(std::initializer_list<KeyRole> roles) const;

  // The entry of this role with this key; null when there is none.
  const EnrolledKey* find(KeyRole role, const PublicKey& key) const;
  // The one whose key an authenticator finds by this id.
  const EnrolledKey* find_credential(std::string_view id) const;
};

// The keys in a file that an admin hands in: one or more lines as in id_ed25519.pub, comments in front of
// which '#' stands. Refused with what to do: a private key, a certificate (its authority is what is
// enrolled), options in front (authorized_keys), a weak or unknown key, no key at all. Of role webauthn:
// lines of public_line(); what makes them of a tool's output is auth/webauthn/credential_file.h.
Result<std::vector<EnrolledKey>> parse_public_keys(std::string_view text, KeyRole role);

}  // namespace sallyport
