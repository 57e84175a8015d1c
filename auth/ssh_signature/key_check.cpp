// Runs in: sallyport-auth.
#include "auth/ssh_signature/key_check.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/handle.h"

namespace sallyport {

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;

constexpr std::size_t kLongestAlgorithm = 64, kEd25519Size = 64, kLongestScalar = 66;
constexpr std::uint8_t kUserPresent = 0x01, kUserVerified = 0x04;  // PROTOCOL.u2f

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view bytes) {
  return Number{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
}

// What each kind is made of. Security keys sign like the plain keys of their kind.
struct Scheme {
  std::string_view algorithm;  // in front of the signature; RSA has two of its own
  const char* group;           // ECDSA
  const char* digest;          // null: Ed25519, which hashes by itself
};
Scheme scheme_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::ed25519:
      return {"ssh-ed25519", nullptr, nullptr};
    case KeyKind::rsa:
      return {"", nullptr, nullptr};
    case KeyKind::ecdsa_p256:
      return {"ecdsa-sha2-nistp256", "P-256", "SHA256"};
    case KeyKind::ecdsa_p384:
      return {"ecdsa-sha2-nistp384", "P-384", "SHA384"};
    case KeyKind::ecdsa_p521:
      return {"ecdsa-sha2-nistp521", "P-521", "SHA512"};
    case KeyKind::sk_ed25519:
      return {"sk-ssh-ed25519@openssh.com", nullptr, nullptr};
    case KeyKind::sk_ecdsa_p256:
      return {"sk-ecdsa-sha2-nistp256@openssh.com", "P-256", "SHA256"};
  }
  return {};
}

Result<Key> from_parameters(const char* type, const ParameterBuilder& builder) {
  const Parameters parameters{OSSL_PARAM_BLD_to_param(builder.get())};
  const KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return fail("the {} key is none", type);
  return Key{made};
}

Result<Key> rsa_key(const PublicKey& key) {
  const ParameterBuilder builder{OSSL_PARAM_BLD_new()};
  const auto modulus = number_of(key.modulus), exponent = number_of(key.exponent);
  our_bug(!builder || !modulus || !exponent, "out of memory");
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return from_parameters("RSA", builder);
}

// OpenSSL refuses a point that is not on the curve.
Result<Key> ec_key(const PublicKey& key, const char* group) {
  const ParameterBuilder builder{OSSL_PARAM_BLD_new()};
  our_bug(!builder, "out of memory");
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, key.point.data(),
                                   key.point.size());
  return from_parameters("EC", builder);
}

Result<Key> ed25519_key(const PublicKey& key) {
  Key made{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(key.point), key.point.size())};
  if (!made) return fail("the Ed25519 key is none");
  return made;
}

Done verify(const Key& key, const char* digest, std::string_view signature, std::string_view message) {
  const DigestContext context{EVP_MD_CTX_new()};
  our_bug(!context, "out of memory");
  if (EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key.get(), nullptr) != 1)
    return fail("OpenSSL cannot check this kind of signature");
  if (EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                       message.size()) != 1)
    return fail("the signature is not the key's over this text");
  return {};
}

Done verify_bare_rsa(const PublicKey& key, const char* digest, std::string_view signature,
                     std::string_view message) {
  // RFC 8332 section 3: no shorter, no longer.
  if (signature.size() != key.modulus.size()) return fail("an RSA signature is not as long as its key");
  ASSIGN_OR_RETURN(const auto made, rsa_key(key));
  return verify(made, digest, signature, message);
}

Done verify_rsa(const PublicKey& key, std::string_view algorithm, ByteReader& reader,
                std::string_view message) {
  const char* const digest = algorithm == "rsa-sha2-256"   ? "SHA256"
                             : algorithm == "rsa-sha2-512" ? "SHA512"
                                                           : nullptr;
  if (digest == nullptr)
    return fail("an RSA key signed with '{}' (expected rsa-sha2-256 or rsa-sha2-512)", algorithm);
  const auto signature = reader.text(kMostRsaBits / 8);
  RETURN_IF_ERROR(reader.finish());
  return verify_bare_rsa(key, digest, signature, message);
}

// RFC 5656 section 3.1.2, into the DER that OpenSSL reads; OpenSSL refuses numbers that are not in [1, n-1].
Result<std::string> der_of(std::string_view pair) {
  ByteReader reader{pair};
  ASSIGN_OR_RETURN(const auto r, read_positive(reader, kLongestScalar));
  ASSIGN_OR_RETURN(const auto s, read_positive(reader, kLongestScalar));
  RETURN_IF_ERROR(reader.finish());
  const EcSignature signature{ECDSA_SIG_new()};
  auto first = number_of(r), second = number_of(s);
  our_bug(!signature || !first || !second, "out of memory");
  ECDSA_SIG_set0(signature.get(), first.release(), second.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  our_bug(size <= 0, "out of memory");
  std::string bytes{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return bytes;
}

Done verify_ed25519(const PublicKey& key, std::string_view signature, std::string_view message) {
  if (signature.size() != kEd25519Size) return fail("an Ed25519 signature is not 64 bytes long");
  ASSIGN_OR_RETURN(const auto made, ed25519_key(key));
  return verify(made, nullptr, signature, message);
}

Done verify_plain(const PublicKey& key, const std::string& signature, std::string_view message) {
  const auto scheme = scheme_of(key.kind);
  if (scheme.group == nullptr) return verify_ed25519(key, signature, message);
  ASSIGN_OR_RETURN(const auto der, der_of(signature));
  ASSIGN_OR_RETURN(const auto made, ec_key(key, scheme.group));
  return verify(made, scheme.digest, der, message);
}

std::string sha256(std::string_view bytes) {
  std::array<char, 32> digest{};
  our_bug(EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(),
                       reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1,
          "SHA-256");
  return {digest.data(), digest.size()};
}

// PROTOCOL.u2f, "SSH U2F signatures": what the authenticator signs instead of the message.
std::string signed_by_security_key(const PublicKey& key, std::uint8_t flags, std::uint32_t counter,
                                   std::string_view message) {
  ByteWriter tail;
  tail.u8(flags);
  tail.u32(counter);
  return sha256(key.application) + tail.bytes() + sha256(message);
}

Result<KeyUse> verify_security_key(const PublicKey& key, ByteReader& reader, std::string_view message) {
  const auto signature = reader.text(kLongestKeyBlob);
  const auto flags = reader.u8();
  const auto counter = reader.u32();
  RETURN_IF_ERROR(reader.finish());
  RETURN_IF_ERROR(verify_plain(key, signature, signed_by_security_key(key, flags, counter, message)));
  // ssh-keygen -Y verify lets an untouched key pass when its line says no-touch-required; here no line says
  // so.
  if ((flags & kUserPresent) == 0) return fail("the security key was not touched");
  return KeyUse{true, (flags & kUserVerified) != 0, counter};
}

}  // namespace

Result<KeyUse> check_key_signature(const PublicKey& key, std::string_view signature,
                                   std::string_view message) {
  ByteReader reader{signature};
  const auto algorithm = reader.text(kLongestAlgorithm);
  if (reader.failed()) return fail("the signature is cut short");
  if (key.kind == KeyKind::rsa) {
    RETURN_IF_ERROR(verify_rsa(key, algorithm, reader, message));
    return KeyUse{};
  }
  if (algorithm != scheme_of(key.kind).algorithm)
    return fail("a key of type {} cannot have signed with '{}'", key.type(), algorithm);
  if (key.is_security_key()) return verify_security_key(key, reader, message);
  const auto raw = reader.text(kLongestKeyBlob);
  RETURN_IF_ERROR(reader.finish());
  RETURN_IF_ERROR(verify_plain(key, raw, message));
  return KeyUse{};
}

// OpenSSL takes DER in its one form only, with nothing behind it.
Done check_bare_signature(const PublicKey& key, std::string_view signature, std::string_view message) {
  if (key.kind == KeyKind::rsa) return verify_bare_rsa(key, "SHA256", signature, message);
  if (key.kind == KeyKind::ed25519) return verify_ed25519(key, signature, message);
  const auto scheme = scheme_of(key.kind);
  if (key.kind != KeyKind::ecdsa_p256) return fail("a key of type {} is none of WebAuthn's", key.type());
  ASSIGN_OR_RETURN(const auto made, ec_key(key, scheme.group));
  return verify(made, scheme.digest, signature, message);
}

}  // namespace sallyport
