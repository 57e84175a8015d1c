// The parts of a peer's login that are method ssh-signature's own: the text to sign (a WebAuthn key signs its
// hash), and what is asked of the helper about the answer. Runs in: sallyportd (privileged). Never reads a
// peer's bytes.
#include "auth/challenge_text.h"
#include "base/log.h"
#include "gateway/monitor/peer.h"

namespace sallyport {

namespace {

ChallengeText challenge_for(const Gate& gate, const SeemingGrant& seen) {
  ChallengeText challenge;
  challenge.gateway = gate.catalogue.settings.gate_name;
  challenge.host_key = gate.host_keys.fingerprint();
  challenge.grant = seen.id;
  challenge.rep = seen.rep;
  challenge.target = seen.target;
  challenge.services = seen.services;
  challenge.time = std::chrono::floor<std::chrono::seconds>(gate.clock.wall());
  challenge.expires = challenge.time + gate.catalogue.settings.login.response_lifetime;
  challenge.nonce = draw_nonce(gate.random);
  return challenge;
}

}  // namespace

// The text; its prompt is kept for the moment of asking.
std::string Peer::draw_signature_question() {
  const auto challenge = challenge_for(gate_, asking_.grant);
  auto text = compose(challenge);
  auto prompt = signature_prompt(challenge);
  if (text && prompt) {
    asking_.prompt = *std::move(prompt);
    return *std::move(text);
  }
  // A name of the gate or of a service that no policy takes; asked for nothing that anybody could sign.
  log_error("no challenge can be signed at this gate: {}", text.error().message());
  asking_.standing = Standing::stranger;
  asking_.prompt = "Signature: ";
  return draw_nonce(gate_.random);
}

CheckSignature Peer::signature_check_of(Secret response) const {
  const auto wall = std::chrono::duration_cast<std::chrono::seconds>(gate_.clock.wall().time_since_epoch());
  CheckSignature check;
  check.keys_file = asking_.keys_file;
  check.challenge = attempt_.question();
  check.response = std::move(response);
  check.rep = rep_;
  check.account = asking_.account;
  check.source = endpoint_.address.text();
  check.wall_seconds = static_cast<std::uint64_t>(wall.count());
  check.user_verification = asking_.user_verification;
  return check;
}

Done Peer::check_key(const SignatureVerdict& key) const {
  if (!key.counts || gate_.ledger.reps().counter_has_risen(rep_, key.key, key.counter)) return {};
  return fail("security key {} of rep {} counts {}, no more than before: it may have been copied", key.key,
              rep_, key.counter);
}

void Peer::take(const SignatureVerdict& verdict) {
  const auto checked = verdict.ok ? check_key(verdict) : Done{};
  if (!checked) log_warning("{}: {}", endpoint_.text(), checked.error().message());
  const bool good = verdict.ok && checked.has_value();
  if (good) signed_by_ = verdict;
  (void)attempt_.response_verdict(good ? CheckVerdict::good : CheckVerdict::bad, gate_.clock.boot());
}

}  // namespace sallyport
