// PublicKey: an SSH public key that a response may be signed with, checked by its structure and its strength.
// Pure. Runs in: sallyport-auth, sallyportd.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sallyport {

enum class KeyKind : std::uint8_t {
  ed25519,
  rsa,
  ecdsa_p256,
  ecdsa_p384,
  ecdsa_p521,
  sk_ed25519,
  sk_ecdsa_p256
};

inline constexpr std::size_t kLeastRsaBits = 3072, kMostRsaBits = 16384;
// Of one key, certificate or signature, in bytes: a certificate of RSA 16384 signed by RSA 16384 has 6 KiB.
inline constexpr std::size_t kLongestKeyBlob = 12 * 1024;

struct PublicKey {
  KeyKind kind = KeyKind::ed25519;
  // Ed25519: 32 bytes (RFC 8709). ECDSA: the uncompressed point (RFC 5656). RSA: empty.
  std::string point;
  std::string modulus, exponent;  // RSA, big-endian, without leading zeros
  std::string application;        // security keys: "ssh:…"
  std::string blob;               // RFC 4253 section 6.6: the type, then the fields; what is fingerprinted

  // Refuses unknown types, weak keys (RSA below 3072 bits, Ed25519 points of small order), numbers that are
  // not in their one form, and trailing bytes.
  static Result<PublicKey> parse(std::string_view blob);
  // "ssh-ed25519 AAAA…": type and Base64, nothing else.
  static Result<PublicKey> parse_words(std::string_view type, std::string_view base64);
  // The fields behind the type, as they stand in a key and in the middle of a certificate.
  static Result<PublicKey> read_fields(KeyKind kind, ByteReader& reader);

  std::string_view type() const noexcept;  // "ssh-ed25519"
  std::string fingerprint() const;         // "SHA256:…" as ssh-keygen -l prints it
  bool is_security_key() const noexcept {
    return kind == KeyKind::sk_ed25519 || kind == KeyKind::sk_ecdsa_p256;
  }
  bool operator==(const PublicKey& other) const noexcept { return blob == other.blob; }
};

// The kind that a type names; of a certificate's type ("ssh-ed25519-cert-v01@openssh.com") the certified
// key's.
Result<KeyKind> key_kind_of(std::string_view type);
Result<KeyKind> certified_kind_of(std::string_view type);
bool is_certificate_type(std::string_view type);

// A positive number in the one form that RFC 4251 section 5 has for it, without its sign byte.
Result<std::string> read_positive(ByteReader& reader, std::size_t most_bytes);

std::string fingerprint_of(std::string_view key_blob);

}  // namespace sallyport
