// Runs in: sallyport-auth, sallyportd.
#include "auth/ssh_signature/public_key.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/encoding.h"
#include "base/sha256.h"

namespace sallyport {

namespace {

struct KeyType {
  KeyKind kind;
  std::string_view name, certificate;
  std::string_view curve;      // empty: not ECDSA
  std::size_t point_size = 0;  // 0: RSA
};
// PROTOCOL.certkeys, PROTOCOL.u2f. ssh-dss has no row, nor what is not in a released OpenSSH.
constexpr std::array kTypes{
    KeyType{KeyKind::ed25519, "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "", 32},
    KeyType{KeyKind::rsa, "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", "", 0},
    KeyType{KeyKind::ecdsa_p256, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
            "nistp256", 65},
    KeyType{KeyKind::ecdsa_p384, "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            "nistp384", 97},
    KeyType{KeyKind::ecdsa_p521, "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
            "nistp521", 133},
    KeyType{KeyKind::sk_ed25519, "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", "", 32},
    KeyType{KeyKind::sk_ecdsa_p256, "sk-ecdsa-sha2-nistp256@openssh.com",
            "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "nistp256", 65},
};

constexpr std::size_t kLongestType = 64, kLongestApplication = 256, kLongestExponent = 8;

const KeyType& row_of(KeyKind kind) { return kTypes[static_cast<std::size_t>(kind)]; }
constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (static_cast<std::size_t>(kTypes[i].kind) != i) return false;
  return true;
}
static_assert(rows_are_in_order());

// With one of these as the key, anybody can make signatures: y of the points whose order divides 8, also as
// y + p, little-endian without the sign bit.
constexpr std::array<std::string_view, 7> kSmallOrder{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

Done check_ed25519(const KeyType& type, std::string point) {
  if (point.size() != type.point_size) return fail("a key of type {} is not 32 bytes long", type.name);
  point.back() = static_cast<char>(point.back() & 0x7f);
  if (std::find(kSmallOrder.begin(), kSmallOrder.end(), to_hex(point)) != kSmallOrder.end())
    return fail("a key of type {} is a point of small order: anybody could sign with it", type.name);
  return {};
}

Result<std::string> read_point(const KeyType& type, ByteReader& reader) {
  if (!type.curve.empty() && reader.text(kLongestType) != type.curve)
    return fail("a key of type {} names another curve", type.name);
  auto point = reader.text(kLongestKeyBlob);
  if (reader.failed()) return fail("a key of type {} is cut short", type.name);
  if (type.curve.empty()) RETURN_IF_ERROR(check_ed25519(type, point));
  if (!type.curve.empty() && (point.size() != type.point_size || point.front() != 4))
    return fail("a key of type {} is not an uncompressed point of its curve", type.name);
  return point;
}

Done read_rsa(PublicKey& key, ByteReader& reader) {
  ASSIGN_OR_RETURN(key.exponent, read_positive(reader, kLongestExponent));
  ASSIGN_OR_RETURN(key.modulus, read_positive(reader, kMostRsaBits / 8));
  const auto top = static_cast<unsigned>(std::bit_width(static_cast<unsigned char>(key.modulus.front())));
  const auto bits = (key.modulus.size() - 1) * 8 + top;
  if (bits < kLeastRsaBits) return fail("an RSA key has {} bits (expected at least {})", bits, kLeastRsaBits);
  const bool odd = (key.exponent.back() & 1) != 0 && (key.modulus.back() & 1) != 0;
  if (!odd || key.exponent == "\x01") return fail("an RSA key's numbers are none of an RSA key");
  return {};
}

Done read_application(PublicKey& key, ByteReader& reader) {
  key.application = reader.text(kLongestApplication);
  if (reader.failed()) return fail("a security key's entry is cut short");
  // Other prefixes belong to others, e.g. https: to web sites, whose answers to their own questions would
  // count.
  if (!key.application.starts_with("ssh:"))
    return fail("a security key is for another application than SSH (expected \"ssh:\" in front)");
  return {};
}

std::string blob_of(const PublicKey& key) {
  const auto& type = row_of(key.kind);
  ByteWriter writer;
  const auto number = [&](const std::string& bytes) {
    const bool high = static_cast<unsigned char>(bytes.front()) >= 0x80;
    writer.text((high ? std::string(1, '\0') : std::string{}) + bytes);
  };
  writer.text(type.name);
  if (key.kind == KeyKind::rsa) {
    number(key.exponent);
    number(key.modulus);
    return std::move(writer).take();
  }
  if (!type.curve.empty()) writer.text(type.curve);
  writer.text(key.point);
  if (key.is_security_key()) writer.text(key.application);
  return std::move(writer).take();
}

}  // namespace

Result<KeyKind> key_kind_of(std::string_view type) {
  for (const auto& row : kTypes)
    if (row.name == type) return row.kind;
  return fail(
      "'{}' is no type of key that a response can be signed with (expected ssh-ed25519, ssh-rsa, "
      "ecdsa-sha2-nistp256, -384, -521, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com)",
      type);
}

Result<KeyKind> certified_kind_of(std::string_view type) {
  for (const auto& row : kTypes)
    if (row.certificate == type) return row.kind;
  return fail("'{}' is no type of certificate that a response can be signed with", type);
}

bool is_certificate_type(std::string_view type) { return type.find("-cert-v") != std::string_view::npos; }

Result<std::string> read_positive(ByteReader& reader, std::size_t most_bytes) {
  auto bytes = reader.text(most_bytes + 1);
  if (reader.failed() || bytes.empty()) return fail("a number is missing, too long or zero");
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first >= 0x80) return fail("a number is negative");
  if (first != 0)
    return bytes.size() <= most_bytes ? Result<std::string>{std::move(bytes)}
                                      : Result<std::string>{fail("a number is too long")};
  if (bytes.size() == 1 || static_cast<unsigned char>(bytes[1]) < 0x80)
    return fail("a number is zero or has a zero in front that it does not need");
  return bytes.substr(1);
}

std::string fingerprint_of(std::string_view key_blob) {
  const auto digest = from_hex(Sha256::hex_of(key_blob));
  return "SHA256:" + to_base64(digest.value_or(""), false);
}

Result<PublicKey> PublicKey::read_fields(KeyKind kind, ByteReader& reader) {
  PublicKey key;
  key.kind = kind;
  if (kind == KeyKind::rsa) {
    RETURN_IF_ERROR(read_rsa(key, reader));
  } else {
    ASSIGN_OR_RETURN(key.point, read_point(row_of(kind), reader));
  }
  if (key.is_security_key()) RETURN_IF_ERROR(read_application(key, reader));
  key.blob = blob_of(key);
  return key;
}

Result<PublicKey> PublicKey::parse(std::string_view blob) {
  if (blob.size() > kLongestKeyBlob) return fail("a key is longer than {} bytes", kLongestKeyBlob);
  ByteReader reader{blob};
  const auto type = reader.text(kLongestType);
  if (reader.failed()) return fail("a key is cut short");
  ASSIGN_OR_RETURN(const auto kind, key_kind_of(type));
  ASSIGN_OR_RETURN(auto key, read_fields(kind, reader));
  if (!reader.finish() || key.blob != blob) return fail("a key of type {} has bytes too many", type);
  return key;
}

Result<PublicKey> PublicKey::parse_words(std::string_view type, std::string_view base64) {
  RETURN_IF_ERROR(key_kind_of(type));
  auto blob = from_base64(base64);
  if (!blob) return fail("key of type {}: {}", type, blob.error().message());
  ASSIGN_OR_RETURN(auto key, parse(*blob));
  if (key.type() != type) return fail("the key data is not of type {}", type);
  return key;
}

std::string_view PublicKey::type() const noexcept { return row_of(kind).name; }

std::string PublicKey::fingerprint() const { return fingerprint_of(blob); }

}  // namespace sallyport
