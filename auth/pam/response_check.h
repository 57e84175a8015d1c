// Responses checked, and the gate's own answers made, with the rep's enrolled secret. Runs in: sallyport-auth
// (root, one process a login).
#pragma once

#include "auth/helper_message.h"

namespace sallyport {

// A secret that is missing, unsafe or too short, or a suite that cannot be checked, is a refusal, and an
// error in the log that says what to do; never the secret.
ResponseVerdict check_response(const CheckResponse& ask);
// The gate's own answer; empty where a response would be refused.
GateAnswer answer_question(const AnswerQuestion& ask);

}  // namespace sallyport
