// Signer: a key pair of the tests' own, which signs what ssh-keygen would not: security keys without a device
// (flags, counter and application as PROTOCOL.u2f has them), SHA-1, wrong fields, certificates of every kind.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <vector>

#include "auth/ssh_signature/public_key.h"
#include "base/check.h"
#include "base/encoding.h"
#include "base/handle.h"

namespace sallyport {

struct SignOptions {
  std::string rsa = "rsa-sha2-512";
  std::uint8_t flags = 1;  // touched
  std::uint32_t counter = 7;
};

class Signer {
 public:
  static Signer make(KeyKind kind, std::string application = "ssh:", unsigned rsa_bits = 3072) {
    Signer signer;
    signer.kind_ = kind;
    signer.application_ = std::move(application);
    signer.key_.reset(generate(kind, rsa_bits));
    our_bug(!signer.key_, "key generation");
    return signer;
  }

  // Ed25519 from a known private key: the same signatures in every run.
  static Signer fixed(char seed) {
    const std::string bytes(32, seed);
    Signer signer;
    signer.key_.reset(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
    our_bug(!signer.key_, "the fixed key");
    return signer;
  }

  // The fields of the public key behind its type.
  std::string fields() const {
    ByteWriter writer;
    if (kind_ == KeyKind::rsa) {
      writer.text(number(OSSL_PKEY_PARAM_RSA_E));
      writer.text(number(OSSL_PKEY_PARAM_RSA_N));
      return writer.bytes();
    }
    if (!curve().empty()) writer.text(curve());
    writer.text(curve().empty() ? raw_point() : ec_point());
    if (is_sk()) writer.text(application_);
    return writer.bytes();
  }
  std::string type() const {
    static const char* const names[] = {"ssh-ed25519",
                                        "ssh-rsa",
                                        "ecdsa-sha2-nistp256",
                                        "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521",
                                        "sk-ssh-ed25519@openssh.com",
                                        "sk-ecdsa-sha2-nistp256@openssh.com"};
    return names[static_cast<std::size_t>(kind_)];
  }
  std::string certificate_type() const {
    const auto at = type().find('@');
    return (at == std::string::npos ? type() : type().substr(0, at)) + "-cert-v01@openssh.com";
  }
  std::string blob() const {
    ByteWriter writer;
    writer.text(type());
    return writer.bytes() + fields();
  }
  PublicKey public_key() const { return PublicKey::parse(blob()).value(); }
  std::string line(const std::string& comment = "test") const {
    return type() + " " + to_base64(blob()) + " " + comment;
  }

  // A signature as SSH writes it.
  std::string sign(std::string_view message, const SignOptions& options = {}) const {
    ByteWriter writer;
    writer.text(kind_ == KeyKind::rsa ? options.rsa : type());
    if (!is_sk()) {
      writer.text(plain(message, options));
      return writer.bytes();
    }
    ByteWriter tail;
    tail.u8(options.flags);
    tail.u32(options.counter);
    const auto sha256 = [](std::string_view bytes) {
      std::string out(32, '\0');
      EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(),
                   reinterpret_cast<unsigned char*>(out.data()), nullptr);
      return out;
    };
    writer.text(plain(sha256(application_) + tail.bytes() + sha256(message), options));
    return writer.bytes() + tail.bytes();
  }

  // A signature as WebAuthn has it: DER, 64 bytes of Ed25519, PKCS#1 v1.5 with SHA-256.
  std::string bare(std::string_view message, const SignOptions& options = {"rsa-sha2-256"}) const {
    const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
    EVP_DigestSignInit_ex(context.get(), nullptr, digest(options), nullptr, nullptr, key_.get(), nullptr);
    const auto* const data = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, data, message.size());
    std::string bytes(size, '\0');
    our_bug(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size, data,
                           message.size()) != 1,
            "signing");
    bytes.resize(size);
    return bytes;
  }
  // SubjectPublicKeyInfo in PEM.
  std::string pem() const {
    const std::unique_ptr<BIO, FreeWith<BIO_free_all>> out{BIO_new(BIO_s_mem())};
    our_bug(PEM_write_bio_PUBKEY(out.get(), key_.get()) != 1, "writing a key");
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  bool is_sk() const { return kind_ == KeyKind::sk_ed25519 || kind_ == KeyKind::sk_ecdsa_p256; }
  KeyKind kind() const { return kind_; }

 private:
  using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

  static EVP_PKEY* generate(KeyKind kind, unsigned rsa_bits) {
    switch (kind) {
      case KeyKind::rsa:
        return EVP_RSA_gen(rsa_bits);
      case KeyKind::ed25519:
      case KeyKind::sk_ed25519:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      case KeyKind::ecdsa_p384:
        return EVP_EC_gen("P-384");
      case KeyKind::ecdsa_p521:
        return EVP_EC_gen("P-521");
      case KeyKind::ecdsa_p256:
      case KeyKind::sk_ecdsa_p256:
        return EVP_EC_gen("P-256");
    }
    return nullptr;
  }
  std::string curve() const {
    switch (kind_) {
      case KeyKind::ecdsa_p384:
        return "nistp384";
      case KeyKind::ecdsa_p521:
        return "nistp521";
      case KeyKind::ecdsa_p256:
      case KeyKind::sk_ecdsa_p256:
        return "nistp256";
      default:
        return "";
    }
  }
  static std::string mpint(const BIGNUM* value) {
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    return static_cast<unsigned char>(bytes.front()) >= 0x80 ? std::string(1, '\0') + bytes : bytes;
  }
  std::string number(const char* parameter) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), parameter, &value);
    const std::unique_ptr<BIGNUM, FreeWith<BN_free>> owned{value};
    return mpint(value);
  }
  std::string raw_point() const {
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    return bytes;
  }
  std::string ec_point() const {
    std::string bytes(200, '\0');
    std::size_t size = 0;
    EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                    reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), &size);
    bytes.resize(size);
    return bytes;
  }
  const char* digest(const SignOptions& options) const {
    if (kind_ == KeyKind::rsa)
      return options.rsa == "ssh-rsa" ? "SHA1" : options.rsa == "rsa-sha2-256" ? "SHA256" : "SHA512";
    if (curve() == "nistp384") return "SHA384";
    if (curve() == "nistp521") return "SHA512";
    return curve().empty() ? nullptr : "SHA256";
  }
  std::string plain(std::string_view message, const SignOptions& options) const {
    const auto bytes = bare(message, options);
    return curve().empty() ? bytes : pair_of(bytes);
  }
  static std::string pair_of(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>> signature{
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()))};
    ByteWriter writer;
    writer.text(mpint(ECDSA_SIG_get0_r(signature.get())));
    writer.text(mpint(ECDSA_SIG_get0_s(signature.get())));
    return writer.bytes();
  }

  KeyKind kind_ = KeyKind::ed25519;
  std::string application_;
  Key key_;
};

// What stands in an SSHSIG besides key and signature; the defaults are right.
struct SigFields {
  std::uint32_t version = 1;
  std::string name = "sallyport", reserved, hash = "sha512";
  std::string magic = "SSHSIG";
  SignOptions options{};
};

inline std::string sha2(const std::string& hash, std::string_view message) {
  std::string out(64, '\0');
  std::size_t size = 0;
  EVP_Q_digest(nullptr, hash.c_str(), nullptr, message.data(), message.size(),
               reinterpret_cast<unsigned char*>(out.data()), &size);
  out.resize(size);
  return out;
}

// The whole SSHSIG, not encoded, by `signer`, who shows `key` (its own blob or a certificate).
inline std::string sshsig(const Signer& signer, const std::string& key, std::string_view message,
                          const SigFields& fields = {}) {
  ByteWriter data, sig;
  data.text(fields.name);
  data.text(fields.reserved);
  data.text(fields.hash);
  data.text(sha2(fields.hash, message));
  sig.u32(fields.version);
  sig.text(key);
  sig.text(fields.name);
  sig.text(fields.reserved);
  sig.text(fields.hash);
  sig.text(signer.sign("SSHSIG" + data.bytes(), fields.options));
  return fields.magic + sig.bytes();
}

inline std::string armoured(const std::string& blob, const std::string& line_end = "\n") {
  std::string text = "-----BEGIN SSH SIGNATURE-----" + line_end;
  const auto base64 = to_base64(blob);
  for (std::size_t i = 0; i < base64.size(); i += 70) text += base64.substr(i, 70) + line_end;
  return text + "-----END SSH SIGNATURE-----" + line_end;
}

struct CertificateOption {
  std::string name, data;
};
inline std::string packed(const std::string& text) {
  ByteWriter writer;
  writer.text(text);
  return writer.bytes();
}

// What stands in a certificate; the defaults are right for kim until the year 2554.
struct CertificateFields {
  std::uint64_t serial = 42;
  std::uint32_t type = 1;
  std::string id = "kim@vendor";
  std::vector<std::string> principals{"kim"};
  std::uint64_t after = 0, before = ~std::uint64_t{0};
  std::vector<CertificateOption> critical{}, extensions{{"permit-pty", ""}};
  std::string reserved{};
  SignOptions options{};
  std::string tail{};  // behind the signature
};

inline std::string certificate(const Signer& subject, const Signer& authority,
                               const CertificateFields& fields = {}) {
  const auto options = [](const std::vector<CertificateOption>& list) {
    ByteWriter writer;
    for (const auto& [name, data] : list) {
      writer.text(name);
      writer.text(data);
    }
    return writer.bytes();
  };
  ByteWriter head, tail;
  head.text(subject.certificate_type());
  head.text(std::string(32, 'n'));
  tail.u64(fields.serial);
  tail.u32(fields.type);
  tail.text(fields.id);
  std::string principals;
  for (const auto& name : fields.principals) principals += packed(name);
  tail.text(principals);
  tail.u64(fields.after);
  tail.u64(fields.before);
  tail.text(options(fields.critical));
  tail.text(options(fields.extensions));
  tail.text(fields.reserved);
  tail.text(authority.blob());
  const auto signed_part = head.bytes() + subject.fields() + tail.bytes();
  return signed_part + packed(authority.sign(signed_part, fields.options)) + fields.tail;
}

}  // namespace sallyport
