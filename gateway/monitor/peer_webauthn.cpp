// The parts of a peer's login that are method webauthn's own: what its page is given, and what is asked of
// the helper about the answer. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "auth/decoy.h"
#include "auth/ssh_signature/enrolled_keys.h"
#include "auth/webauthn/assertion.h"
#include "base/encoding.h"
#include "base/file.h"
#include "gateway/monitor/peer.h"

namespace sallyport {

namespace {

constexpr std::size_t kUsualCredential = 64;  // bytes; of a name that is like a rep who has none

std::vector<std::string> credentials_of(const Rep& rep) {
  std::vector<std::string> ids;
  const auto text = read_trusted_file(rep.credentials_file, Trust::secret_of_root, kLongestKeysFile);
  const auto keys = text ? EnrolledKeys::parse(*text) : Result<EnrolledKeys>{EnrolledKeys{}};
  if (!keys) return ids;
  for (const auto& entry : keys->entries)
    if (entry.role == KeyRole::webauthn) ids.push_back(entry.credential);
  return ids;
}

// As many as the rep has whom this name is asked like, and as long: a key answers to none of them.
std::vector<std::string> made_up(const std::string& name, const std::vector<std::string>& like,
                                 const Secret& key) {
  std::vector<std::string> ids;
  for (const auto& id : like)
    ids.push_back(decoy_bytes(name, fmt::format("credential {}", ids.size()), id.size(), key));
  return ids;
}

}  // namespace

// A rep's own with and without a grant, and another name's own made-up ones: so neither the page nor what it
// took to make tells them apart (I11).
std::vector<std::string> credentials_shown(const Rep& like, const std::string& name,
                                           const Secret& decoy_key) {
  auto ids = credentials_of(like);
  const bool has_some = !ids.empty();
  if (!has_some) ids.emplace_back(kUsualCredential, '\0');
  const auto others = made_up(name, ids, decoy_key);
  const auto& shown = has_some && like.name == name ? ids : others;
  std::vector<std::string> texts;
  for (const auto& id : shown) texts.push_back(to_base64url(id));
  return texts;
}

KeyChallenge Peer::key_challenge() const {
  const auto& https = gate_.catalogue.settings.https;
  KeyChallenge asked;
  asked.words = asking_.prompt.substr(0, asking_.prompt.find('\n'));
  asked.challenge = to_base64url(assertion_challenge(attempt_.question()));
  if (https) asked.relying_party = https->relying_party;
  asked.credentials = asking_.credentials;
  asked.user_verification = asking_.grant.user_verification;
  return asked;
}

CheckAssertion Peer::assertion_check_of(Secret response) const {
  const auto& https = gate_.catalogue.settings.https;
  CheckAssertion check;
  check.credentials_file = asking_.keys_file;
  check.challenge = attempt_.question();
  check.response = std::move(response);
  check.rep = rep_;
  if (https) check.origin = https->origin;
  if (https) check.relying_party = https->relying_party;
  check.user_verification = asking_.user_verification;
  return check;
}

}  // namespace sallyport
