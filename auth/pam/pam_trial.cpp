// Runs in: sallyport-auth (root).
#include "auth/pam/pam_trial.h"

#include <fmt/format.h>
#include <security/pam_appl.h>

#include <cstdlib>
#include <cstring>
#include <iterator>

namespace sallyport {

namespace {

struct Trial {
  std::string password;
  int questions = 0;
};

struct StatusName {
  int status;
  const char* name;
};
constexpr StatusName kNames[] = {{PAM_SUCCESS, "PAM_SUCCESS"},
                                 {PAM_OPEN_ERR, "PAM_OPEN_ERR"},
                                 {PAM_SYMBOL_ERR, "PAM_SYMBOL_ERR"},
                                 {PAM_SERVICE_ERR, "PAM_SERVICE_ERR"},
                                 {PAM_SYSTEM_ERR, "PAM_SYSTEM_ERR"},
                                 {PAM_BUF_ERR, "PAM_BUF_ERR"},
                                 {PAM_PERM_DENIED, "PAM_PERM_DENIED"},
                                 {PAM_AUTH_ERR, "PAM_AUTH_ERR"},
                                 {PAM_CRED_INSUFFICIENT, "PAM_CRED_INSUFFICIENT"},
                                 {PAM_AUTHINFO_UNAVAIL, "PAM_AUTHINFO_UNAVAIL"},
                                 {PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN"},
                                 {PAM_MAXTRIES, "PAM_MAXTRIES"},
                                 {PAM_ACCT_EXPIRED, "PAM_ACCT_EXPIRED"},
                                 {PAM_CONV_ERR, "PAM_CONV_ERR"},
                                 {PAM_ABORT, "PAM_ABORT"},
                                 {PAM_MODULE_UNKNOWN, "PAM_MODULE_UNKNOWN"}};

const char* name_of(int status) {
  for (const auto& known : kNames)
    if (known.status == status) return known.name;
  return "PAM_OTHER";
}

// As at a login: one question without echo is answered, nothing else.
int answer(const pam_message& message, pam_response& reply, Trial& trial) {
  if (message.msg_style == PAM_TEXT_INFO || message.msg_style == PAM_ERROR_MSG) return PAM_SUCCESS;
  ++trial.questions;
  if (message.msg_style != PAM_PROMPT_ECHO_OFF || trial.questions > 1) return PAM_CONV_ERR;
  reply.resp = strdup(trial.password.c_str());
  return reply.resp == nullptr ? PAM_BUF_ERR : PAM_SUCCESS;
}

// Called by PAM's modules: a C boundary, so nothing may be thrown across it.
int converse(int count, const pam_message** messages, pam_response** replies, void* data) noexcept {
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  const auto size = static_cast<std::size_t>(count);
  auto* made = static_cast<pam_response*>(std::calloc(size, sizeof(pam_response)));
  if (made == nullptr) return PAM_BUF_ERR;
  int status = PAM_SUCCESS;
  for (std::size_t i = 0; i < size && status == PAM_SUCCESS; ++i)
    status = answer(*messages[i], made[i], *static_cast<Trial*>(data));
  if (status == PAM_SUCCESS) {
    *replies = made;
    return PAM_SUCCESS;
  }
  for (std::size_t i = 0; i < size; ++i) std::free(made[i].resp);
  std::free(made);
  return status;
}

void no_delay(int, unsigned, void*) noexcept {}

void put(std::string& told, const char* phase, pam_handle_t* handle, int status) {
  fmt::format_to(std::back_inserter(told), "{} {} {}\n", phase, name_of(status),
                 pam_strerror(handle, status));
}

}  // namespace

std::string try_pam_service(const std::string& service, Random& random) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  Trial trial{random_text(random, letters, 24)};
  const auto account = "doctor-" + random_text(random, letters, 12);
  const pam_conv conversation{converse, &trial};
  pam_handle_t* handle = nullptr;
  std::string told;
  int status = pam_start(service.c_str(), account.c_str(), &conversation, &handle);
  if (status != PAM_SUCCESS) {
    put(told, "auth", handle, status);
    return told;
  }
  pam_set_item(handle, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&no_delay));
  pam_set_item(handle, PAM_TTY, "ssh");
  put(told, "auth", handle, pam_authenticate(handle, PAM_DISALLOW_NULL_AUTHTOK | PAM_SILENT));
  put(told, "account", handle, status = pam_acct_mgmt(handle, PAM_DISALLOW_NULL_AUTHTOK | PAM_SILENT));
  fmt::format_to(std::back_inserter(told), "questions {}\n", trial.questions);
  pam_end(handle, status);
  return told;
}

}  // namespace sallyport
