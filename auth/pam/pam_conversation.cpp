// Runs in: sallyport-auth (root, one process a login).
#include "auth/pam/pam_conversation.h"

#include <security/pam_appl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "base/handle.h"
#include "base/log.h"

namespace sallyport {

namespace {

// The conversation's state: PAM modules ask through it, and get the password exactly once.
struct Conversation {
  const Secret& password;
  bool answered = false;
};

// The replies PAM asked for, wiped before they are freed. PAM takes them over when all went well.
struct WipeReplies {
  std::size_t count = 0;
  void operator()(pam_response* replies) const noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (replies[i].resp == nullptr) continue;
      explicit_bzero(replies[i].resp, std::strlen(replies[i].resp));
      std::free(replies[i].resp);
    }
    std::free(replies);
  }
};

int answer(const pam_message& message, pam_response& reply, Conversation& conversation) {
  switch (message.msg_style) {
    case PAM_PROMPT_ECHO_OFF: {
      // A second question is a second factor or a new password: blanks or the same password again would be a
      // lie.
      if (conversation.answered) return PAM_CONV_ERR;
      conversation.answered = true;
      const auto password = conversation.password.reveal();
      reply.resp = strndup(password.data(), password.size());  // PAM frees it
      return reply.resp == nullptr ? PAM_BUF_ERR : PAM_SUCCESS;
    }
    case PAM_TEXT_INFO:
    case PAM_ERROR_MSG:
      return PAM_SUCCESS;  // "your password will expire": nothing to answer, and a stranger must not see it
    default:
      return PAM_CONV_ERR;  // PAM_PROMPT_ECHO_ON and whatever else a module may ask
  }
}

// Called by PAM's modules: a C boundary, so nothing may be thrown across it.
int converse(int count, const pam_message** messages, pam_response** replies, void* data) noexcept {
  if (count <= 0 || count > PAM_MAX_NUM_MSG || messages == nullptr || replies == nullptr) return PAM_CONV_ERR;
  const auto size = static_cast<std::size_t>(count);
  std::unique_ptr<pam_response, WipeReplies> made{
      static_cast<pam_response*>(std::calloc(size, sizeof(pam_response))), WipeReplies{size}};
  if (!made) return PAM_BUF_ERR;
  for (std::size_t i = 0; i < size; ++i)
    if (const int status = answer(*messages[i], made.get()[i], *static_cast<Conversation*>(data));
        status != PAM_SUCCESS)
      return status;
  *replies = made.release();
  return PAM_SUCCESS;
}

// The monitor answers all failures at the same moment (I11); a delay here would only make the helper late.
void no_delay(int, unsigned, void*) noexcept {}

// PAM falls back to the service "other" when a service has no file; that may let in whom nobody meant.
bool service_exists(const std::string& service) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  if (service.empty() || service.find_first_not_of(allowed) != std::string::npos) return false;
  for (const char* folder : {"/etc/pam.d/", "/usr/lib/pam.d/"})
    if (access((folder + service).c_str(), R_OK) == 0) return true;
  return false;
}

// A PAM transaction, ended with the status of its last step.
class PamTransaction {
 public:
  explicit PamTransaction(Conversation& conversation) : conversation_{converse, &conversation} {}
  PamTransaction(const PamTransaction&) = delete;
  PamTransaction& operator=(const PamTransaction&) = delete;
  ~PamTransaction() {
    if (handle_ != nullptr) pam_end(handle_, status_);
  }

  bool start(const CheckPassword& ask) {
    return step(pam_start(ask.pam_service.c_str(), ask.account.c_str(), &conversation_, &handle_)) &&
           step(pam_set_item(handle_, PAM_RHOST, ask.remote_host.c_str())) &&
           step(pam_set_item(handle_, PAM_TTY, "ssh")) &&
           step(pam_set_item(handle_, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&no_delay)));
  }
  bool authenticate() { return step(pam_authenticate(handle_, PAM_DISALLOW_NULL_AUTHTOK | PAM_SILENT)); }
  bool account_is_good() { return step(pam_acct_mgmt(handle_, PAM_DISALLOW_NULL_AUTHTOK | PAM_SILENT)); }

  // A module may put another user in the place of the one it was asked for.
  bool is_still(const std::string& account) {
    const void* user = nullptr;
    if (!step(pam_get_item(handle_, PAM_USER, &user))) return false;
    return user != nullptr && account == static_cast<const char*>(user);
  }

  int status() const { return status_; }
  const char* reason() const { return pam_strerror(handle_, status_); }

 private:
  bool step(int status) {
    status_ = status;
    return status == PAM_SUCCESS;
  }
  pam_conv conversation_;
  pam_handle_t* handle_ = nullptr;
  int status_ = PAM_SUCCESS;
};

// Whether the login failed for the peer's reasons rather than the site's.
bool is_ordinary_refusal(int status) {
  return status == PAM_AUTH_ERR || status == PAM_USER_UNKNOWN || status == PAM_MAXTRIES ||
         status == PAM_PERM_DENIED || status == PAM_ACCT_EXPIRED || status == PAM_NEW_AUTHTOK_REQD ||
         status == PAM_CRED_EXPIRED || status == PAM_AUTHTOK_EXPIRED;
}

bool refuse(const PamTransaction& pam, const CheckPassword& ask) {
  if (is_ordinary_refusal(pam.status()))
    log_info("PAM service {} refused account {}: {}", ask.pam_service, ask.account, pam.reason());
  else
    log_error(
        "PAM service {} could not check account {}: {}; look at /etc/pam.d/{} and run: sallyport doctor",
        ask.pam_service, ask.account, pam.reason(), ask.pam_service);
  return false;
}

}  // namespace

bool check_password(const CheckPassword& ask) {
  const auto password = ask.password.reveal();
  if (password.empty() || password.find('\0') != std::string_view::npos) return false;
  if (ask.account.empty() || ask.account.find('\0') != std::string::npos) return false;
  if (!service_exists(ask.pam_service)) {
    log_error("there is no PAM service {}: install /etc/pam.d/{} (packaging/pam.d/sallyport is an example)",
              ask.pam_service, ask.pam_service);
    return false;
  }
  Conversation conversation{ask.password};
  PamTransaction pam{conversation};
  if (!pam.start(ask) || !pam.authenticate() || !pam.account_is_good()) return refuse(pam, ask);
  if (!pam.is_still(ask.account)) {
    log_error("PAM service {} put another user in the place of account {}; refused", ask.pam_service,
              ask.account);
    return false;
  }
  return true;
}

}  // namespace sallyport
