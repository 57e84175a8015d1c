// Runs in: sallyport.
#include "auth/webauthn/credential_file.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/check.h"
#include "base/encoding.h"
#include "base/handle.h"

namespace sallyport {

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

constexpr std::size_t kLongestFile = 16 * 1024;
constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----", kEnd = "-----END PUBLIC KEY-----";

std::string_view next_line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  auto line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The DER between the two lines, behind which nothing follows.
Result<std::string> read_pem(std::string_view text) {
  if (next_line(text) != kBegin) return fail("the second line is not {}", kBegin);
  std::string base64;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line != kEnd) {
      base64 += line;
      continue;
    }
    if (!text.empty()) return fail("something follows the public key");
    return from_base64(base64);
  }
  return fail("the public key is not closed by {}", kEnd);
}

Result<Key> read_key(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  Key key{d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))};
  if (!key || at != end) return fail("the public key is none");
  return key;
}

std::string octets(EVP_PKEY* key, const char* parameter) {
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, parameter, nullptr, 0, &size) != 1) return {};
  std::string bytes(size, '\0');
  if (EVP_PKEY_get_octet_string_param(key, parameter, reinterpret_cast<unsigned char*>(bytes.data()), size,
                                      &size) != 1)
    return {};
  bytes.resize(size);
  return bytes;
}

// A positive number as SSH writes it (RFC 4251 section 5).
std::string number(EVP_PKEY* key, const char* parameter) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &read) != 1) return {};
  const Number held{read};
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(read)), '\0');
  BN_bn2bin(read, reinterpret_cast<unsigned char*>(bytes.data()));
  if (!bytes.empty() && static_cast<unsigned char>(bytes.front()) >= 0x80) bytes.insert(0, 1, '\0');
  return bytes;
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 64> group{};
  return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                        nullptr) == 1 &&
         std::string_view{group.data()} == "prime256v1";
}

// As SSH writes it, so that it is checked, shown and kept like every other enrolled key.
Result<PublicKey> as_ssh_key(EVP_PKEY* key) {
  ByteWriter blob;
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    blob.text("ssh-ed25519");
    blob.text(octets(key, OSSL_PKEY_PARAM_PUB_KEY));
  } else if (EVP_PKEY_is_a(key, "RSA") == 1) {
    blob.text("ssh-rsa");
    blob.text(number(key, OSSL_PKEY_PARAM_RSA_E));
    blob.text(number(key, OSSL_PKEY_PARAM_RSA_N));
  } else if (EVP_PKEY_is_a(key, "EC") == 1 && is_p256(key)) {
    blob.text("ecdsa-sha2-nistp256");
    blob.text("nistp256");
    blob.text(octets(key, OSSL_PKEY_PARAM_PUB_KEY));
  } else {
    return fail("the public key is of another kind than ECDSA on P-256, Ed25519 and RSA");
  }
  return PublicKey::parse(blob.bytes());
}

}  // namespace

Result<EnrolledKey> read_credential_file(std::string_view text) {
  if (text.size() > kLongestFile) return fail("it is longer than {} bytes", kLongestFile);
  if (text.find("PRIVATE KEY") != std::string_view::npos)
    return fail("this holds a private key, which never leaves a security key");
  if (text.find(kBegin) == std::string_view::npos)
    return fail(
        "there is no public key in it (expected what fido2-cred -V prints: the credential's id, then {})",
        kBegin);
  const auto id = from_base64(next_line(text));
  if (!id) return tl::unexpected{id.error().within("the credential's id, in the first line")};
  ASSIGN_OR_RETURN(const auto der, read_pem(text));
  ASSIGN_OR_RETURN(const auto spki, read_key(der));
  EnrolledKey entry;
  entry.role = KeyRole::webauthn;
  ASSIGN_OR_RETURN(entry.key, as_ssh_key(spki.get()));
  entry.credential = *id;
  // By the one reading that decides what can be enrolled.
  ASSIGN_OR_RETURN(auto read, parse_public_keys(entry.public_line(), KeyRole::webauthn));
  return std::move(read.front());
}

}  // namespace sallyport
