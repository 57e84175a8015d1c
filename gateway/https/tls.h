// TLS: the policy in one place, contexts for both sides, and the check of a target's certificate.
// Runs in: sallyport-https.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/handle.h"
#include "base/result.h"
#include "gateway/wire/message.h"

namespace sallyport {

using TlsContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, FreeWith<SSL_free>>;

// Before the worker is shut in: what OpenSSL loads and draws once.
Done start_tls();

// For reps: the gate's own key and certificate.
Result<TlsContext> context_for_reps(const BeginWeb& begin);
// For the target: a handshake succeeds only with a pinned or certified certificate.
Result<TlsContext> context_for_target(const WebTarget& target, TlsProfile profile);

// What OpenSSL has to say about the failure just now, in one line.
std::string tls_error();

}  // namespace sallyport
