// One password check by PAM. Runs in: sallyport-auth (root, one process a login).
#pragma once

#include "auth/helper_message.h"

namespace sallyport {

// True only when the service authenticates the account with this password and account management lets it in
// now: expired accounts, and passwords that must be changed first, are refused. An empty password never
// reaches PAM. Why it was refused goes to the log, not to the peer.
bool check_password(const CheckPassword& ask);

}  // namespace sallyport
