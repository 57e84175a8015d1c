// Runs in: sallyportd, sallyport.
#include "gateway/audit/signed_note.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/encoding.h"
#include "base/handle.h"

namespace sallyport {

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

constexpr char kEd25519 = 1;  // the algorithm's number in signed-note
constexpr std::size_t kKeySize = 32, kSignatureSize = 64, kHashSize = 4;
constexpr std::string_view kSecretPrefix = "PRIVATE+KEY+";
constexpr std::string_view kSignatureLine = "\xe2\x80\x94 ";  // an em dash and a space

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool is_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name)
    if (c <= ' ' || c == '+' || c >= '\x7f') return false;
  return true;
}

std::string key_hash(const std::string& name, const std::string& key) {
  Sha256 hasher;
  hasher.update(name);
  hasher.update("\n");
  hasher.update({&kEd25519, 1});
  hasher.update(key);
  return std::string{bytes_of(hasher.finish()).substr(0, kHashSize)};
}

// Name and raw key of "NAME+HASH+BASE64"; the hash is for the caller to compare.
struct KeyText {
  std::string name, hash, key;
};
Result<KeyText> take_key(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const auto first = text.find('+');
  const auto second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos) return fail("it is not a key like NAME+HASH+BASE64");
  KeyText key;
  key.name = text.substr(0, first);
  ASSIGN_OR_RETURN(key.hash, from_hex(text.substr(first + 1, second - first - 1)));
  ASSIGN_OR_RETURN(key.key, from_base64(text.substr(second + 1)));
  if (!is_name(key.name) || key.hash.size() != kHashSize)
    return fail("it is not a key like NAME+HASH+BASE64");
  if (key.key.size() != 1 + kKeySize || key.key.front() != kEd25519) return fail("it is not an Ed25519 key");
  key.key.erase(0, 1);
  return key;
}

std::string with_algorithm(std::string_view key) { return std::string(1, kEd25519).append(key); }

std::string head_text(const std::string& name, const TreeHead& head) {
  return fmt::format("{}\n{}\n{}\n", name, head.size, to_base64(bytes_of(head.root)));
}

// The first line of `text`, which is cut off it; nothing when no newline ends it.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// tlog-checkpoint: origin, size, root, and perhaps lines that others understand.
Result<TreeHead> parse_head(std::string_view text, const std::string& name) {
  const auto origin = take_line(text), size = take_line(text), root = take_line(text);
  if (!origin || !size || !root) return fail("a head has three lines");
  if (*origin != name) return fail("the head is one of '{}', not of '{}'", *origin, name);
  TreeHead head;
  const auto [end, code] = std::from_chars(size->data(), size->data() + size->size(), head.size);
  if (code != std::errc{} || fmt::format("{}", head.size) != *size) return fail("a head has no size");
  (void)end;
  ASSIGN_OR_RETURN(const auto bytes, from_base64(*root));
  if (bytes.size() != head.root.size()) return fail("a head has no root");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(head.root.data()));
  return head;
}

bool is_signed_by(const std::string& key, std::string_view text, std::string_view signature) {
  const Key pkey{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(key), key.size())};
  const Context context{EVP_MD_CTX_new()};
  return pkey && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(text), text.size()) ==
             1;
}

Key secret_key(const Secret& seed) {
  Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(seed.reveal()), seed.size())};
  our_bug(!key, "Ed25519 is not available");
  return key;
}

std::string public_half(const Secret& seed) {
  const auto key = secret_key(seed);
  std::string bytes(kKeySize, '\0');
  auto size = bytes.size();
  our_bug(
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1 ||
          size != kKeySize,
      "an Ed25519 key has no public half");
  return bytes;
}

}  // namespace

HeadVerifier HeadVerifier::of(std::string name, std::string public_key) {
  HeadVerifier verifier;
  verifier.hash_ = key_hash(name, public_key);
  verifier.name_ = std::move(name);
  verifier.key_ = std::move(public_key);
  return verifier;
}

Result<HeadVerifier> HeadVerifier::from_text(std::string_view text) {
  ASSIGN_OR_RETURN(auto key, take_key(text));
  auto verifier = of(std::move(key.name), std::move(key.key));
  if (verifier.hash_ != key.hash) return fail("the key was altered: its hash is another");
  return verifier;
}

std::string HeadVerifier::text() const {
  return fmt::format("{}+{}+{}", name_, to_hex(hash_), to_base64(with_algorithm(key_)));
}

Result<TreeHead> HeadVerifier::open(std::string_view note) const {
  const auto split = note.rfind("\n\n");
  if (split == note.npos) return fail("it is not a signed note");
  const auto text = note.substr(0, split + 1);
  auto rest = note.substr(split + 2);
  bool is_signed = false;
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line || !line->starts_with(kSignatureLine)) return fail("it is not a signed note");
    const auto words = line->substr(kSignatureLine.size());
    const auto space = words.find(' ');
    if (space == words.npos) return fail("it is not a signed note");
    if (words.substr(0, space) != name_) continue;
    ASSIGN_OR_RETURN(const auto bytes, from_base64(words.substr(space + 1)));
    if (bytes.substr(0, kHashSize) != hash_) continue;  // another key of the same name
    const auto signature = std::string_view{bytes}.substr(std::min(kHashSize, bytes.size()));
    if (signature.size() != kSignatureSize || !is_signed_by(key_, text, signature))
      return fail("its signature is wrong: it was altered, or not signed by {}", name_);
    is_signed = true;
  }
  if (!is_signed) return fail("it is not signed by {} with this key", name_);
  return parse_head(text, name_);
}

HeadKey HeadKey::make(std::string name, Random& random) {
  our_bug(!is_name(name), "a key has no usable name");
  std::string seed(kKeySize, '\0');
  random.fill(std::as_writable_bytes(std::span{seed}));
  auto secret = Secret::taking(std::move(seed));
  auto verifier = HeadVerifier::of(std::move(name), public_half(secret));
  return {std::move(verifier), std::move(secret)};
}

Result<HeadKey> HeadKey::from_text(const Secret& text) {
  auto rest = text.reveal();
  if (!rest.starts_with(kSecretPrefix))
    return fail("it is not a secret key like PRIVATE+KEY+NAME+HASH+BASE64");
  rest.remove_prefix(kSecretPrefix.size());
  ASSIGN_OR_RETURN(auto key, take_key(rest));
  auto secret = Secret::taking(std::move(key.key));
  auto verifier = HeadVerifier::of(key.name, public_half(secret));
  if (!verifier.text().starts_with(fmt::format("{}+{}+", key.name, to_hex(key.hash))))
    return fail("the key was altered: its hash is another");
  return HeadKey{std::move(verifier), std::move(secret)};
}

Secret HeadKey::text() const {
  const auto shown = verifier_.text();
  auto bytes = with_algorithm(seed_.reveal());
  auto encoded = to_base64(bytes);
  wipe(bytes);
  auto text = fmt::format("{}{}+{}\n", kSecretPrefix,
                          shown.substr(0, verifier_.name().size() + 1 + 2 * kHashSize), encoded);
  wipe(encoded);
  return Secret::taking(std::move(text));
}

std::string HeadKey::sign(const TreeHead& head) const {
  const auto text = head_text(verifier_.name(), head);
  const auto key = secret_key(seed_);
  const Context context{EVP_MD_CTX_new()};
  std::string signature(kSignatureSize, '\0');
  auto size = signature.size();
  our_bug(!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
              EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                             data_of(text), text.size()) != 1,
          "signing a head");
  const auto shown = verifier_.text();
  const auto hash = from_hex(shown.substr(verifier_.name().size() + 1, 2 * kHashSize));
  return fmt::format("{}\n{}{} {}\n", text, kSignatureLine, verifier_.name(), to_base64(*hash + signature));
}

Result<std::vector<std::string>> split_notes(std::string_view text) {
  std::vector<std::string> notes;
  std::string note;
  bool in_signatures = false;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line) return notes;  // cut off
    if (line->empty() && note.empty()) continue;
    if (line->empty() && in_signatures) {
      notes.push_back(std::exchange(note, {}));
      in_signatures = false;
      continue;
    }
    if (line->starts_with(kSignatureLine)) in_signatures = true;
    note.append(*line).append("\n");
  }
  if (in_signatures) notes.push_back(std::move(note));
  return notes;
}

}  // namespace sallyport
