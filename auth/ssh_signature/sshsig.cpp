// Runs in: sallyport-auth.
#include "auth/ssh_signature/sshsig.h"

#include <openssl/evp.h>

#include "auth/challenge_text.h"
#include "auth/ssh_signature/public_key.h"
#include "base/check.h"
#include "base/encoding.h"

namespace sallyport {

namespace {

constexpr std::string_view kMagic = "SSHSIG", kSpaces = " \t\r\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kLongestName = 64;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (kSpaces.find(c) == std::string_view::npos) out += c;
  return out;
}

Result<std::string> without_armour(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with(kArmourBegin)) {
    text.remove_prefix(kArmourBegin.size());
    if (!text.ends_with(kArmourEnd)) return fail("the signature's last line is missing");
    text.remove_suffix(kArmourEnd.size());
  }
  return from_base64(without_spaces(text));
}

Result<SshSig> read_blob(std::string_view blob, std::string_view name_space) {
  if (!blob.starts_with(kMagic)) return fail("the answer is not an SSH signature");
  ByteReader reader{blob.substr(kMagic.size())};
  SshSig sig;
  const auto version = reader.u32();
  sig.key = reader.text(kLongestKeyBlob);
  sig.name_space = reader.text(kLongestName);
  const auto reserved = reader.text(kLongestName);
  sig.hash = reader.text(kLongestName);
  sig.signature = reader.text(kLongestKeyBlob);
  if (!reader.finish()) return fail("the signature is cut short, too long or has bytes too many");
  if (version != kVersion) return fail("the signature is of version {} (expected 1)", version);
  if (sig.name_space != name_space)
    return fail("the signature is of namespace '{}' (expected '{}')", sig.name_space, name_space);
  if (!reserved.empty()) return fail("the signature has something in its reserved field");
  if (sig.hash != "sha256" && sig.hash != "sha512")
    return fail("the signature is over a hash '{}' (expected sha256 or sha512)", sig.hash);
  return sig;
}

std::string digest(const char* name, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  our_bug(EVP_Q_digest(nullptr, name, nullptr, bytes.data(), bytes.size(),
                       reinterpret_cast<unsigned char*>(out.data()), &size) != 1,
          "SHA-2 is not available");
  out.resize(size);
  return out;
}

}  // namespace

Result<SshSig> SshSig::read(std::string_view text) { return read(text, kSignatureNamespace); }

Result<SshSig> SshSig::read(std::string_view text, std::string_view name_space) {
  if (text.size() > kLongestSignature) return fail("the answer is longer than {} bytes", kLongestSignature);
  ASSIGN_OR_RETURN(const auto blob, without_armour(text));
  return read_blob(blob, name_space);
}

std::string SshSig::signed_data(std::string_view message) const {
  ByteWriter writer;
  writer.text(name_space);
  writer.text("");
  writer.text(hash);
  writer.text(digest(hash == "sha512" ? "SHA512" : "SHA256", message));
  return std::string{kMagic} + std::move(writer).take();
}

}  // namespace sallyport
