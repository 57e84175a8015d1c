// Runs in: sallyport-ssh.
#include "gateway/ssh/target_side.h"

#include <string_view>
#include <utility>

#include "gateway/ssh/algorithms.h"
#include "gateway/ssh/c_secret.h"
#include "gateway/worker/confine.h"

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// From the first byte to the login with a stored credential. The rep hears of a fault within 10 s; dialling
// and telling take the rest.
constexpr auto kPatience = 8s;
// After a person's answer the target may itself wait for a second factor's server.
constexpr auto kPromptPatience = 60s;
// How often a person may try again at the target within one login at the gate.
constexpr int kPromptTries = 3;
// Rounds of one dialogue; a target that asks without end is broken.
constexpr int kRounds = 50;

tl::unexpected<TargetFailure> failed(TargetFault fault, std::string detail) {
  return tl::unexpected{TargetFailure{fault, std::move(detail)}};
}

tl::unexpected<TargetFailure> rep_gone(std::string detail) {
  return tl::unexpected{TargetFailure{TargetFault::closed, std::move(detail), true}};
}

struct PinnedKey {
  ssh_keytypes_e type = SSH_KEYTYPE_UNKNOWN;
  SshKey key;
};

// "type base64 [comment]"; what libssh cannot read pins nothing.
PinnedKey read_pinned(const std::string& line) {
  const auto type_end = line.find(' ');
  if (type_end == std::string::npos) return {};
  const auto body_end = line.find(' ', type_end + 1);
  const auto type = ssh_key_type_from_name(line.substr(0, type_end).c_str());
  const auto body =
      line.substr(type_end + 1, body_end == std::string::npos ? body_end : body_end - type_end - 1);
  ssh_key key = nullptr;
  if (ssh_pki_import_pubkey_base64(body.c_str(), type, &key) != SSH_OK) return {};
  return {type, SshKey{key}};
}

std::vector<ssh_keytypes_e> types_of(const std::vector<std::string>& lines) {
  std::vector<ssh_keytypes_e> types;
  for (const auto& line : lines)
    if (const auto pinned = read_pinned(line); pinned.key) types.push_back(pinned.type);
  return types;
}

std::string fingerprint(ssh_key key) {
  unsigned char* hash = nullptr;
  std::size_t length = 0;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != 0) return "(unknown)";
  const SshText text{ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length)};
  ssh_clean_pubkey_hash(&hash);
  return text ? text.get() : "(unknown)";
}

Result<SshSession> make_session(UniqueFd socket, const TargetSocket& facts) {
  SshSession session{ssh_new()};
  if (!session) return fail("out of memory");
  RETURN_IF_ERROR(make_nonblocking(socket.get()));
  const bool read_files = false;
  const int fd = socket.get();
  // A folder and a user must be named, else libssh looks them up in files that are out of reach; no host must
  // be, else it looks for known_hosts.
  if (ssh_options_set(session.get(), SSH_OPTIONS_PROCESS_CONFIG, &read_files) != SSH_OK ||
      ssh_options_set(session.get(), SSH_OPTIONS_SSH_DIR, "/") != SSH_OK ||
      ssh_options_set(session.get(), SSH_OPTIONS_USER, facts.user.c_str()) != SSH_OK ||
      ssh_options_set(session.get(), SSH_OPTIONS_FD, &fd) != SSH_OK)
    return fail("preparing the target's leg: {}", ssh_get_error(session.get()));
  [[maybe_unused]] const auto owned_by_session = socket.release();
  RETURN_IF_ERROR(set_target_algorithms(session.get(), facts.algorithms, types_of(facts.host_keys)));
  ssh_set_blocking(session.get(), 0);
  return session;
}

// A channel or a request that the target opens towards the rep is refused: agent, X11, forwarded ports.
int refuse_message(ssh_session, ssh_message, void*) { return 1; }

constexpr const char* kClosed = "the target closed the connection";

// Of ssh_userauth_list().
bool offers(int methods, unsigned method) { return (static_cast<unsigned>(methods) & method) != 0; }

}  // namespace

TargetSide::TargetSide(SshSession session, TargetSocket facts, MonitorClient& monitor, RepSide& rep,
                       const Clock& clock)
    : leg_(std::move(session)),
      facts_(std::move(facts)),
      monitor_(&monitor),
      rep_(&rep),
      clock_(&clock),
      deadline_(clock.boot() + kPatience) {
  ssh_set_message_callback(leg_.get(), refuse_message, nullptr);
}

TargetResult<TargetSide> TargetSide::connect(GrantedTarget&& granted, MonitorClient& monitor, RepSide& rep,
                                             const Clock& clock) {
  auto session = make_session(std::move(granted.socket), granted.facts);
  if (!session) return failed(TargetFault::protocol, session.error().message());
  TargetSide target{*std::move(session), std::move(granted.facts), monitor, rep, clock};
  if (auto done = target.exchange_keys(); !done) return tl::unexpected{done.error()};
  if (auto same = target.verify_host_key(); !same) return tl::unexpected{same.error()};
  return target;
}

template <class Step>
TargetResult<int> TargetSide::until_decided(Step step, int again, BootTime deadline) {
  for (;;) {
    const int decided = step();
    if (decided != again) return decided;
    if (!leg_.alive())
      return failed(leg_.left_politely() ? TargetFault::closed : TargetFault::protocol, leg_.error());
    if (!rep_->leg().alive()) return rep_gone("during the login at the target");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock_->boot());
    if (left.count() <= 0) return failed(TargetFault::timed_out, "the target does not answer");
    if (auto turned = wait_a_turn(*monitor_, {&rep_->leg(), &leg_}, left); !turned)
      return failed(TargetFault::closed, turned.error().message());
    if (auto reads = rep_->check_its_manners(); !reads) return rep_gone(reads.error().message());
  }
}

BootTime TargetSide::verdict_deadline(bool by_person) const {
  return by_person ? clock_->boot() + kPromptPatience : deadline_;
}

TargetResult<void> TargetSide::exchange_keys() {
  auto done = until_decided([&] { return ssh_connect(leg_.get()); }, SSH_AGAIN, deadline_);
  if (!done) return tl::unexpected{done.error()};
  if (*done == SSH_OK) return {};
  if (const auto why = leg_.error(); why.find("no match for method") != std::string::npos)
    return failed(TargetFault::algorithms, why);
  return leg_.left_politely() ? failed(TargetFault::closed, kClosed)
                              : failed(TargetFault::protocol, leg_.error());
}

TargetResult<void> TargetSide::verify_host_key() const {
  ssh_key shown = nullptr;
  if (ssh_get_server_publickey(leg_.get(), &shown) != SSH_OK)
    return failed(TargetFault::protocol, leg_.error());
  const SshKey owned{shown};
  for (const auto& line : facts_.host_keys) {
    const auto pinned = read_pinned(line);
    if (pinned.key && ssh_key_cmp(pinned.key.get(), shown, SSH_KEY_CMP_PUBLIC) == 0) return {};
  }
  return failed(TargetFault::host_key,
                "the target shows host key " + fingerprint(shown) + ", which is not pinned");
}

TargetResult<int> TargetSide::learn_methods() {
  const auto tried =
      until_decided([&] { return ssh_userauth_none(leg_.get(), nullptr); }, SSH_AUTH_AGAIN, deadline_);
  if (!tried) return tl::unexpected{tried.error()};
  if (*tried == SSH_AUTH_SUCCESS) return 0;
  if (*tried == SSH_AUTH_ERROR)
    return failed(leg_.left_politely() ? TargetFault::closed : TargetFault::protocol, leg_.error());
  return ssh_userauth_list(leg_.get(), nullptr);
}

TargetResult<void> TargetSide::log_in() {
  const auto methods = learn_methods();
  if (!methods) return tl::unexpected{methods.error()};
  if (*methods == 0) return {};  // the target asks nothing of this user
  TargetResult<int> verdict = SSH_AUTH_DENIED;
  switch (facts_.login) {
    case TargetLoginKind::key:
      verdict = by_key();
      break;
    case TargetLoginKind::password:
      verdict = by_stored_password(*methods);
      break;
    case TargetLoginKind::prompt:
      verdict = by_prompts(*methods);
      break;
  }
  facts_.credential = Secret{};
  if (!verdict) return tl::unexpected{verdict.error()};
  if (*verdict == SSH_AUTH_SUCCESS) return {};
  if (!leg_.alive())
    return failed(TargetFault::login_refused, "the target closed the connection during login");
  return failed(TargetFault::login_refused, "the target does not let " + facts_.user + " in");
}

TargetResult<int> TargetSide::by_key() {
  const Secret terminated = c_secret(facts_.credential);
  ssh_key raw = nullptr;
  if (ssh_pki_import_privkey_base64(terminated.reveal().data(), nullptr, nullptr, nullptr, &raw) != SSH_OK)
    return failed(TargetFault::login_refused, "the key stored for the target cannot be read");
  const SshKey key{raw};
  return until_decided([&] { return ssh_userauth_publickey(leg_.get(), nullptr, key.get()); }, SSH_AUTH_AGAIN,
                       deadline_);
}

TargetResult<int> TargetSide::by_password(const Secret& password) {
  const Secret terminated = c_secret(password);
  const auto deadline = verdict_deadline(facts_.login == TargetLoginKind::prompt);
  return until_decided([&] { return ssh_userauth_password(leg_.get(), nullptr, terminated.reveal().data()); },
                       SSH_AUTH_AGAIN, deadline);
}

TargetResult<int> TargetSide::by_stored_password(int methods) {
  TargetResult<int> verdict = SSH_AUTH_DENIED;
  if (offers(methods, SSH_AUTH_METHOD_PASSWORD)) verdict = by_password(facts_.credential);
  if (!verdict || *verdict != SSH_AUTH_DENIED || !offers(methods, SSH_AUTH_METHOD_INTERACTIVE))
    return verdict;
  return converse(&facts_.credential);
}

TargetResult<int> TargetSide::by_prompts(int methods) {
  TargetResult<int> verdict = SSH_AUTH_DENIED;
  for (int tries = 0; tries < kPromptTries && leg_.alive(); ++tries) {
    if (offers(methods, SSH_AUTH_METHOD_INTERACTIVE)) {
      verdict = converse(nullptr);
    } else if (offers(methods, SSH_AUTH_METHOD_PASSWORD)) {
      auto answers = ask_rep({"", "", {{facts_.user + "@" + facts_.host + "'s password: ", false}}});
      if (!answers) return tl::unexpected{answers.error()};
      verdict = by_password(answers->front());
    } else {
      return failed(TargetFault::login_refused, "the target offers no login by password or prompts");
    }
    if (!verdict || (*verdict != SSH_AUTH_DENIED && *verdict != SSH_AUTH_PARTIAL)) return verdict;
    if (*verdict == SSH_AUTH_PARTIAL) methods = ssh_userauth_list(leg_.get(), nullptr);
    // Some servers offer keyboard-interactive and then ask nothing; that is no try of the rep's.
    else if (!std::exchange(asked_, false))
      methods &= ~SSH_AUTH_METHOD_INTERACTIVE;
  }
  return verdict;
}

TargetResult<int> TargetSide::converse(const Secret* stored) {
  const auto step = [&] { return ssh_userauth_kbdint(leg_.get(), nullptr, nullptr); };
  for (int rounds = 0; rounds < kRounds; ++rounds) {
    const auto verdict = until_decided(step, SSH_AUTH_AGAIN, verdict_deadline(stored == nullptr));
    if (!verdict || *verdict != SSH_AUTH_INFO) return verdict;
    const int count = ssh_userauth_kbdint_getnprompts(leg_.get());
    char echo = 0;
    std::vector<Secret> answers;
    if (stored == nullptr) {
      auto relayed = relay_round();
      if (!relayed) return tl::unexpected{relayed.error()};
      answers = *std::move(relayed);
    } else if (count == 1 && ssh_userauth_kbdint_getprompt(leg_.get(), 0, &echo) != nullptr && echo == 0) {
      answers.push_back(stored->clone());
    } else if (count != 0) {
      return failed(TargetFault::login_refused,
                    "the target asks more than a password");  // never answered blindly
    }
    for (unsigned i = 0; i < answers.size(); ++i) {
      const Secret terminated = c_secret(answers[i]);
      if (ssh_userauth_kbdint_setanswer(leg_.get(), i, terminated.reveal().data()) < 0)
        return failed(TargetFault::protocol, leg_.error());
    }
  }
  return failed(TargetFault::protocol, "the target asks without end");
}

TargetResult<std::vector<Secret>> TargetSide::relay_round() {
  const auto text = [](const char* from_libssh) {
    return std::string{from_libssh == nullptr ? "" : from_libssh};
  };
  Round round{text(ssh_userauth_kbdint_getname(leg_.get())),
              text(ssh_userauth_kbdint_getinstruction(leg_.get())),
              {}};
  const int count = ssh_userauth_kbdint_getnprompts(leg_.get());
  for (int i = 0; i < count; ++i) {
    char echo = 0;
    const auto prompt = text(ssh_userauth_kbdint_getprompt(leg_.get(), static_cast<unsigned>(i), &echo));
    round.prompts.push_back({prompt, echo != 0});
  }
  return ask_rep(round);
}

TargetResult<std::vector<Secret>> TargetSide::ask_rep(const Round& round) {
  asked_ = true;
  auto answers = rep_->ask(round);
  if (!answers) return rep_gone(answers.error().message());
  return *std::move(answers);
}

}  // namespace sallyport
