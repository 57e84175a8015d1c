// Runs in: sallyportd, sallyport-auth.
#include "auth/ssh_signature/enrolled_keys.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/escape.h"

namespace sallyport {

namespace {

constexpr std::size_t kLongestComment = 128;
constexpr std::string_view kSpaces = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::string_view next_word(std::string_view& rest) {
  rest = trimmed(rest);
  const auto end = std::min(rest.find_first_of(kSpaces), rest.size());
  const auto word = rest.substr(0, end);
  rest = trimmed(rest.substr(end));
  return word;
}

// Calls `each` with the number and the text of every line that is to be read.
template <class Each>
Done each_line(std::string_view text, const Each& each) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (auto done = each(line); !done)
      return tl::unexpected{done.error().within(fmt::format("line {}", number))};
  }
  return {};
}

// Comments come from a rep's machine and go to an admin's terminal. A backslash stays one: what was written
// to our file is read from it again, and must not grow.
std::string plain(std::string_view comment) {
  auto text = escape_terminal(comment);
  for (auto at = text.find("\\\\"); at != std::string::npos; at = text.find("\\\\", at + 1))
    text.erase(at, 1);
  if (text.size() > kLongestComment) text.resize(kLongestComment);
  // Cutting may have split a character.
  while (!text.empty() && !is_utf8(text)) text.pop_back();
  return text;
}

// COSE algorithms -7, -8 and -257 (RFC 9053, RFC 8812): what authenticators sign with.
bool is_webauthn_kind(KeyKind kind) {
  return kind == KeyKind::ecdsa_p256 || kind == KeyKind::ed25519 || kind == KeyKind::rsa;
}

Result<std::string> read_credential(const PublicKey& key, std::string_view text) {
  if (!is_webauthn_kind(key.kind))
    return fail("a key of type {} is none of WebAuthn's (expected ECDSA on P-256, Ed25519 or RSA)",
                key.type());
  auto id = from_base64url(text);
  if (!id) return tl::unexpected{id.error().within("the credential's id")};
  if (id->size() < kShortestCredentialId || id->size() > kLongestCredentialId)
    return fail("the credential's id has {} bytes (expected {} to {})", id->size(), kShortestCredentialId,
                kLongestCredentialId);
  return id;
}

Result<EnrolledKey> read_key(KeyRole role, std::string_view line) {
  const auto type = next_word(line), data = next_word(line);
  EnrolledKey entry;
  entry.role = role;
  ASSIGN_OR_RETURN(entry.key, PublicKey::parse_words(type, data));
  if (role == KeyRole::webauthn) {
    ASSIGN_OR_RETURN(entry.credential, read_credential(entry.key, next_word(line)));
  }
  entry.comment = plain(line);
  return entry;
}

Done refuse_what_is_no_key(std::string_view line) {
  if (line.find("PRIVATE KEY") != std::string_view::npos)
    return fail("this is a private key, which stays with its owner; hand in the file that ends in .pub");
  auto rest = line;
  const auto type = next_word(rest);
  if (is_certificate_type(type))
    return fail(
        "this is a certificate; enrol the public key of the authority that signed it, with --authority");
  return {};
}

Done read_enrolled(EnrolledKeys& keys, std::string_view line) {
  const auto role = key_role_from(next_word(line));
  if (!role) return tl::unexpected{role.error().within("in front")};
  ASSIGN_OR_RETURN(auto entry, read_key(*role, line));
  return keys.add(std::move(entry));
}

Done read_handed_in(EnrolledKeys& keys, KeyRole role, std::string_view line) {
  RETURN_IF_ERROR(refuse_what_is_no_key(line));
  ASSIGN_OR_RETURN(auto entry, read_key(role, line));
  return keys.add(std::move(entry));
}

}  // namespace

const char* to_text(KeyRole role) noexcept {
  switch (role) {
    case KeyRole::key:
      return "key";
    case KeyRole::authority:
      return "authority";
    case KeyRole::webauthn:
      return "webauthn";
  }
  return "?";
}

Result<KeyRole> key_role_from(std::string_view text) {
  for (const auto role : kKeyRoles)
    if (text == to_text(role)) return role;
  return fail("expected \"key\", \"authority\" or \"webauthn\"");
}

std::string EnrolledKey::public_line() const {
  auto line = fmt::format("{} {}", key.type(), to_base64(key.blob));
  if (role == KeyRole::webauthn) line += " " + to_base64url(credential);
  return comment.empty() ? line : line + " " + comment;
}

Result<EnrolledKeys> EnrolledKeys::parse(std::string_view text) {
  EnrolledKeys keys;
  const auto read = [&](std::string_view line) { return read_enrolled(keys, line); };
  RETURN_IF_ERROR(each_line(text, read));
  return keys;
}

std::string EnrolledKeys::text() const {
  std::string text = "# Keys that a rep's responses may be signed with; written by sallyport rep enroll.\n";
  for (const auto& entry : entries) text += fmt::format("{} {}\n", to_text(entry.role), entry.public_line());
  return text;
}

Done EnrolledKeys::add(EnrolledKey entry) {
  if (find(entry.role, entry.key) != nullptr)
    return fail("the key {} is there twice", entry.key.fingerprint());
  if (entry.role == KeyRole::webauthn && find_credential(entry.credential) != nullptr)
    return fail("the credential of key {} is there twice, with another key", entry.key.fingerprint());
  const auto of_role = std::count_if(entries.begin(), entries.end(),
                                     [&](const auto& other) { return other.role == entry.role; });
  const auto most = entry.role == KeyRole::webauthn ? kMostCredentials : kMostEnrolledKeys;
  if (static_cast<std::size_t>(of_role) >= most) return fail("more than {} keys", most);
  if (entries.size() == kMostEnrolledKeys) return fail("more than {} keys", kMostEnrolledKeys);
  entries.push_back(std::move(entry));
  return {};
}

EnrolledKeys EnrolledKeys::only(std::initializer_list<KeyRole> roles) const {
  EnrolledKeys some;
  for (const auto& entry : entries)
    if (std::find(roles.begin(), roles.end(), entry.role) != roles.end()) some.entries.push_back(entry);
  return some;
}

const EnrolledKey* EnrolledKeys::find(KeyRole role, const PublicKey& key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.role == role && entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

const EnrolledKey* EnrolledKeys::find_credential(std::string_view id) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.role == KeyRole::webauthn && entry.credential == id;
  });
  return found == entries.end() ? nullptr : &*found;
}

Result<std::vector<EnrolledKey>> parse_public_keys(std::string_view text, KeyRole role) {
  EnrolledKeys keys;
  const auto read = [&](std::string_view line) { return read_handed_in(keys, role, line); };
  RETURN_IF_ERROR(each_line(text, read));
  if (keys.entries.empty()) return fail("no key in it (expected a line like \"ssh-ed25519 AAAA… comment\")");
  return std::move(keys.entries);
}

}  // namespace sallyport
