// The parts of a peer's login that are method ssh-signature's own: the text to sign, and what is asked of the
// helper about the answer. Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "auth/challenge_text.h"
#include "base/log.h"
#include "gateway/monitor/login_name.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/seeming_grant.h"

namespace sallyport {

namespace {

// "SHA256:…" of the host key that the profile prefers: ed25519's, where it is offered.
std::string own_fingerprint(const Gate& gate) {
  const auto& first = gate.host_keys.fingerprints.front();
  return first.substr(0, first.find(' '));
}

ChallengeText challenge_for(const Gate& gate, const SeemingGrant& seen) {
  ChallengeText challenge;
  challenge.gateway = gate.catalogue.settings.gate_name;
  challenge.host_key = own_fingerprint(gate);
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

Peer::LoginQuestion Peer::draw_signature_question(const std::string& user, const Grant* grant) {
  const LoginName name{user};
  // Made up for everybody, to take the same time.
  auto seen = seeming_for({name.rep, name.target, endpoint_.address}, gate_.ledger.grants(), gate_.decoy_key);
  if (grant != nullptr) seen = seeming(*grant);
  const auto challenge = challenge_for(gate_, seen);
  auto text = compose(challenge);
  auto prompt = signature_prompt(challenge);
  if (text && prompt) return {ResponseMethod::ssh_signature, *std::move(text), *std::move(prompt)};
  log_error("no challenge can be signed at this gate: {}", text.error().message());
  return {};
}

HelperAsk Peer::question_for_helper(const Rep& rep, Secret response) const {
  const auto wall = std::chrono::duration_cast<std::chrono::seconds>(gate_.clock.wall().time_since_epoch());
  const auto wall_seconds = static_cast<std::uint64_t>(wall.count());
  if (asked_method_ == ResponseMethod::ocra)
    return CheckResponse{rep.suite,
                         rep.secret_file,
                         attempt_.question(),
                         std::move(response),
                         gate_.ledger.counter_of(rep.name),
                         wall_seconds};
  const Grant* const grant = grant_ ? gate_.ledger.find(grant_->value()) : nullptr;
  return CheckSignature{rep.keys_file,       attempt_.question(),
                        std::move(response), rep.name,
                        rep.account,         endpoint_.address.text(),
                        wall_seconds,        grant == nullptr || grant->user_verification};
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
