// One response check against the rep's enrolled secret. Runs in: sallyport-auth (root, one process a login).
#pragma once

#include "auth/helper_message.h"

namespace sallyport {

// A secret that is missing, unsafe or too short, or a suite that cannot be checked, is a refusal, and an
// error in the log that says what to do; never the secret.
ResponseVerdict check_response(const CheckResponse& ask);

}  // namespace sallyport
