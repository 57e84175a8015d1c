// One signature check against the rep's enrolled keys. Runs in: sallyport-auth (root, one process a login).
#pragma once

#include "auth/helper_message.h"

namespace sallyport {

// Why a signature does not count goes to the log, not to the peer. A file of keys that is missing, unsafe or
// unreadable is a refusal, and an error in the log that says what to do.
SignatureVerdict check_signature(const CheckSignature& ask);
SignatureVerdict check_assertion(const CheckAssertion& ask);

}  // namespace sallyport
