// A PAM module that asks a second question: "Challenge N, response: ", right when answered with N. It does
// nothing else, so that a login with it is as fast as one with two questions can be. Runs in: the sshd that
// tests/bench/ssh compares the gate with; no part of the product.
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <sys/random.h>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" {

__attribute__((visibility("default"))) int pam_sm_authenticate(pam_handle_t* handle, int, int, const char**) {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return PAM_SYSTEM_ERR;
  char* answer = nullptr;
  const int asked = pam_prompt(handle, PAM_PROMPT_ECHO_ON, &answer,
                               "Challenge %u, response: ", static_cast<unsigned>(number));
  const bool right = asked == PAM_SUCCESS && answer != nullptr && answer == std::to_string(number);
  std::free(answer);
  return right ? PAM_SUCCESS : PAM_AUTH_ERR;
}

__attribute__((visibility("default"))) int pam_sm_setcred(pam_handle_t*, int, int, const char**) {
  return PAM_SUCCESS;
}
}
