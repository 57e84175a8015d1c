// Runs in: sallyport-ssh.
#include "gateway/ssh/rep_side.h"

#include <string_view>

#include "gateway/ssh/algorithms.h"
#include "gateway/ssh/c_secret.h"

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// A client asks for the service, tries "none", and gives each of its keys before it turns to
// keyboard-interactive; a dialogue with the target may have many rounds.
constexpr int kMessagesBeforeLogin = 200;
// Answers to what libssh answers by itself pile up meanwhile: 256 KiB come in a turn.
constexpr int kUnreadTurnsBeforeLogin = 4;
// Up to 4 MiB. Packets that libssh drops by itself (SSH_MSG_IGNORE, a login with a malformed key) are no
// messages to us, and would keep a processor busy until the time to log in is over.
constexpr int kRoundsBeforeLogin = 1000;

// RFC 4253 section 4.2: no "-" in it. OpenSSH's client tells a server whose name begins like this when its
// own output is gone (eow@openssh.com); without that `ssh gate yes | head -1` would wait for ever.
constexpr const char* kSoftwareVersion = "OpenSSH_compatible_Sallyport";

// PEM from memory, in the form that every libssh from 0.10 on accepts.
Result<SshKey> import_host_key(const Secret& pem) {
  const Secret terminated = c_secret(pem);
  ssh_key key = nullptr;
  if (ssh_pki_import_privkey_base64(terminated.reveal().data(), nullptr, nullptr, nullptr, &key) != SSH_OK)
    return fail("the gate's host key cannot be read");
  return SshKey{key};
}

Result<SshBind> make_bind(const Begin& begin) {
  SshBind bind{ssh_bind_new()};
  if (!bind) return fail("out of memory");
  const bool read_files = false;
  ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_PROCESS_CONFIG, &read_files);
  ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_BANNER, kSoftwareVersion);
  RETURN_IF_ERROR(set_rep_algorithms(bind.get(), begin.algorithms));
  for (const auto& pem : begin.host_keys) {
    ASSIGN_OR_RETURN(auto key, import_host_key(pem));
    if (ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_IMPORT_KEY, key.get()) != SSH_OK)
      return fail("libssh refuses a host key of the gate: {}", ssh_get_error(bind.get()));
    [[maybe_unused]] const auto owned_by_bind = key.release();
  }
  return bind;
}

Result<SshSession> accept_socket(UniqueFd socket, const Begin& begin) {
  ASSIGN_OR_RETURN(const auto bind, make_bind(begin));
  SshSession session{ssh_new()};
  if (!session) return fail("out of memory");
  const bool read_files = false;
  ssh_options_set(session.get(), SSH_OPTIONS_PROCESS_CONFIG, &read_files);
  if (ssh_bind_accept_fd(bind.get(), session.get(), socket.release()) != SSH_OK)
    return fail("starting the rep's leg: {}", ssh_get_error(bind.get()));
  ssh_set_blocking(session.get(), 0);
  ssh_set_auth_methods(session.get(), SSH_AUTH_METHOD_INTERACTIVE);
  return session;
}

bool is_interactive(ssh_message message) {
  return ssh_message_type(message) == SSH_REQUEST_AUTH &&
         ssh_message_subtype(message) == SSH_AUTH_METHOD_INTERACTIVE;
}

}  // namespace

RepSide::RepSide(SshSession session, const Begin& begin, MonitorClient& monitor)
    : leg_(std::move(session)),
      monitor_(&monitor),
      banner_(begin.banner),
      messages_left_(kMessagesBeforeLogin) {}

Result<RepSide> RepSide::greet(UniqueFd socket, const Begin& begin, MonitorClient& monitor) {
  ASSIGN_OR_RETURN(auto session, accept_socket(std::move(socket), begin));
  RepSide rep{std::move(session), begin, monitor};
  RETURN_IF_ERROR(rep.exchange_keys());
  return rep;
}

Done RepSide::exchange_keys() {
  // How long it may take is the monitor's login deadline.
  for (;;) {
    const int done = ssh_handle_key_exchange(leg_.get());
    if (done == SSH_OK) return {};
    if (done != SSH_AGAIN || !leg_.alive()) return fail("key exchange with the rep: {}", leg_.error());
    RETURN_IF_ERROR(wait_a_turn(*monitor_, {&leg_}, 1s));
    RETURN_IF_ERROR(check_its_manners());
  }
}

Done RepSide::check_its_manners() const {
  if (leg_.unread_turns() > kUnreadTurnsBeforeLogin) return fail("the rep does not read");
  if (leg_.rounds() > kRoundsBeforeLogin) return fail("the rep sends too much before it is logged in");
  return {};
}

SshMessage RepSide::next_message() { return SshMessage{ssh_message_get(leg_.get())}; }

Result<SshMessage> RepSide::await_message() {
  if (postponed_) return std::move(postponed_);
  while (leg_.alive()) {
    if (auto message = next_message()) {
      if (--messages_left_ < 0) return fail("the rep sends too many messages before it is logged in");
      return message;
    }
    if (leg_.alive()) RETURN_IF_ERROR(wait_a_turn(*monitor_, {&leg_}, 1s));
    RETURN_IF_ERROR(check_its_manners());
  }
  if (leg_.said_goodbye()) return fail("during the login");
  return fail("during the login: {}", leg_.error());
}

Done RepSide::answer_service(ssh_message message) {
  const char* const name = ssh_message_service_service(message);
  if (name == nullptr || std::string_view{name} != "ssh-userauth") {
    ssh_message_reply_default(message);
    return {};
  }
  if (ssh_message_service_reply_success(message) != SSH_OK)
    return fail("answering the rep: {}", leg_.error());
  if (banner_.empty()) return {};
  const SshString banner{ssh_string_from_char(std::exchange(banner_, {}).c_str())};
  if (banner && ssh_send_issue_banner(leg_.get(), banner.get()) != SSH_OK) return fail("sending the banner");
  return {};
}

Result<SshMessage> RepSide::await_login_message() {
  for (;;) {
    ASSIGN_OR_RETURN(auto message, await_message());
    if (is_interactive(message.get())) return message;
    if (ssh_message_type(message.get()) == SSH_REQUEST_SERVICE)
      RETURN_IF_ERROR(answer_service(message.get()));
    else
      ssh_message_reply_default(message.get());
  }
}

Result<std::string> RepSide::await_attempt() {
  for (;;) {
    ASSIGN_OR_RETURN(auto message, await_login_message());
    const char* const user = ssh_message_auth_user(message.get());
    if (ssh_message_auth_kbdint_is_response(message.get()) == 0 && user != nullptr) {
      attempt_ = std::move(message);
      return std::string{user};
    }
    ssh_message_reply_default(message.get());  // an answer without a question
  }
}

Result<std::vector<Secret>> RepSide::ask(const Round& round) {
  std::vector<const char*> texts;
  std::vector<char> echoes;
  for (const auto& prompt : round.prompts) {
    texts.push_back(prompt.text.c_str());
    echoes.push_back(prompt.echo ? 1 : 0);
  }
  if (ssh_message_auth_interactive_request(attempt_.get(), round.name.c_str(), round.instruction.c_str(),
                                           static_cast<unsigned>(texts.size()), texts.data(),
                                           echoes.data()) != SSH_OK)
    return fail("asking the rep: {}", leg_.error());
  ASSIGN_OR_RETURN(auto message, await_login_message());
  if (ssh_message_auth_kbdint_is_response(message.get()) == 0) {
    postponed_ = std::move(message);
    return tl::unexpected{Error{"the rep began another attempt", kAbandoned}};
  }
  attempt_ = std::move(message);
  if (ssh_userauth_kbdint_getnanswers(leg_.get()) != static_cast<int>(texts.size()))
    return fail("the rep gave another number of answers than was asked");
  std::vector<Secret> answers;
  for (unsigned i = 0; i < texts.size(); ++i) {
    const char* const answer = ssh_userauth_kbdint_getanswer(leg_.get(), i);
    answers.emplace_back(std::string_view{answer == nullptr ? "" : answer});
  }
  return answers;
}

Done RepSide::admit() {
  if (ssh_message_auth_reply_success(attempt_.get(), 0) != SSH_OK)
    return fail("admitting the rep: {}", leg_.error());
  attempt_.reset();
  return {};
}

Done RepSide::reject() {
  if (ssh_message_reply_default(attempt_.get()) != SSH_OK) return fail("rejecting the rep: {}", leg_.error());
  attempt_.reset();
  return {};
}

}  // namespace sallyport
