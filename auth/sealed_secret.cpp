// Runs in: sallyportd, sallyport-auth.
#include "auth/sealed_secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>

#include "base/check.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/handle.h"

namespace sallyport {

namespace {

constexpr std::string_view kPrefix = "sealed-v1 ";
constexpr std::string_view kKeyLabel = "sallyport secrets at rest v1",
                           kIdLabel = "sallyport secrets key id v1";
constexpr std::size_t kNonceSize = 12, kTagSize = 16, kKeySize = 32, kIdBytes = 8, kIdLetters = 2 * kIdBytes;
constexpr std::size_t kCredentialLimit = 4096;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// A context that encrypts or decrypts, and has taken key, nonce and name.
Cipher begin(bool encrypts, const Secret& key, std::string_view nonce, std::string_view name) {
  Cipher cipher{EVP_CIPHER_CTX_new()};
  int length = 0;
  our_bug(!cipher ||
              EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.reveal()),
                                bytes_of(nonce), encrypts ? 1 : 0) != 1 ||
              EVP_CipherUpdate(cipher.get(), nullptr, &length, bytes_of(name),
                               static_cast<int>(name.size())) != 1,
          "AES-256-GCM is not available");
  return cipher;
}

// `in` encrypted or decrypted; what comes out is as long as what goes in.
std::string pass(const Cipher& cipher, std::string_view in) {
  std::string out(in.size(), '\0');
  int length = 0;
  our_bug(EVP_CipherUpdate(cipher.get(), bytes_of(out), &length, bytes_of(in), static_cast<int>(in.size())) !=
                  1 ||
              static_cast<std::size_t>(length) != in.size(),
          "AES-256-GCM failed");
  return out;
}

// HMAC-SHA256 of `label` under the credential.
std::string derive(const Secret& credential, std::string_view label) {
  std::string key(kKeySize, '\0');
  unsigned int length = 0;
  our_bug(HMAC(EVP_sha256(), credential.reveal().data(), static_cast<int>(credential.size()), bytes_of(label),
               label.size(), bytes_of(key), &length) == nullptr ||
              length != kKeySize,
          "HMAC-SHA256 is not available");
  return key;
}

}  // namespace

SealingKey::SealingKey(const Secret& credential)
    : key_{Secret::taking(derive(credential, kKeyLabel))},
      id_{to_hex(derive(credential, kIdLabel).substr(0, kIdBytes))} {}

Result<SealingKey> SealingKey::read(const std::filesystem::path& credential) {
  ASSIGN_OR_RETURN(auto text, read_trusted_file(credential, Trust::secret_of_root, kCredentialLimit));
  const auto secret = Secret::taking(std::move(text));
  if (secret.size() < kShortestCredential)
    return fail("{} has less than {} bytes (expected e.g. 32 from /dev/urandom)", credential.string(),
                kShortestCredential);
  return SealingKey{secret};
}

std::string SealingKey::seal(const Secret& text, std::string_view name, Random& random) const {
  std::string nonce(kNonceSize, '\0'), tag(kTagSize, '\0');
  random.fill(std::as_writable_bytes(std::span{nonce}));
  const auto cipher = begin(true, key_, nonce, name);
  const auto sealed = pass(cipher, text.reveal());
  int length = 0;
  our_bug(EVP_CipherFinal_ex(cipher.get(), bytes_of(tag), &length) != 1 ||
              EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) != 1,
          "AES-256-GCM failed");
  return std::string{kPrefix} + id_ + " " + to_base64(nonce + sealed + tag) + "\n";
}

Result<Secret> SealingKey::open(std::string_view sealed, std::string_view name) const {
  const auto id = sealing_key_id(sealed);
  if (id.empty() || !sealed.ends_with('\n')) return fail("not a sealed secret");
  if (id != id_) return fail("a secret that was sealed with another key ({}, and this one is {})", id, id_);
  sealed.remove_suffix(1);
  ASSIGN_OR_RETURN(auto bytes, from_base64(sealed.substr(kPrefix.size() + kIdLetters + 1)));
  if (bytes.size() < kNonceSize + kTagSize) return fail("a sealed secret that was cut");
  const std::string_view all{bytes};
  std::string tag{all.substr(all.size() - kTagSize)};
  const auto cipher = begin(false, key_, all.substr(0, kNonceSize), name);
  auto text = Secret::taking(pass(cipher, all.substr(kNonceSize, all.size() - kNonceSize - kTagSize)));
  std::array<unsigned char, kTagSize> rest{};
  int length = 0;
  if (EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) != 1 ||
      EVP_CipherFinal_ex(cipher.get(), rest.data(), &length) != 1)
    return fail("a sealed secret that was altered or is another's");
  return text;
}

bool is_sealed(std::string_view text) noexcept { return text.starts_with(kPrefix); }

std::string_view sealing_key_id(std::string_view text) noexcept {
  if (!is_sealed(text)) return {};
  text.remove_prefix(kPrefix.size());
  const bool has_one = text.size() > kIdLetters && text[kIdLetters] == ' ' &&
                       text.find_first_not_of("0123456789abcdef") == kIdLetters;
  return has_one ? text.substr(0, kIdLetters) : std::string_view{};
}

std::string sealed_name(const std::filesystem::path& file) {
  return (file.parent_path().filename() / file.filename()).string();
}

Result<Secret> read_stored_secret(const std::filesystem::path& file, std::size_t limit,
                                  const std::filesystem::path& credential) {
  const auto sealed_limit = kPrefix.size() + kIdLetters + 1 + (limit + kNonceSize + kTagSize + 2) / 3 * 4 + 1;
  ASSIGN_OR_RETURN(auto text, read_trusted_file(file, Trust::secret_of_root, sealed_limit));
  if (!is_sealed(text)) {
    if (text.size() <= limit) return Secret::taking(std::move(text));
    wipe(text);
    return fail("{} is longer than {} bytes", file.string(), limit);
  }
  if (credential.empty())
    return fail(
        "{} is sealed, and the gate was started without the credential {} (systemd's "
        "LoadCredentialEncrypted=)",
        file.string(), kCredentialName);
  ASSIGN_OR_RETURN(const auto key, SealingKey::read(credential));
  auto opened = key.open(text, sealed_name(file));
  if (!opened) return tl::unexpected{opened.error().within(file.string())};
  return opened;
}

}  // namespace sallyport
