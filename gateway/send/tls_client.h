// The TLS of a destination: who it must be, and who we are to it. Runs in: sallyport-send.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/handle.h"
#include "base/result.h"
#include "policies/destination.h"

namespace sallyport {

using TlsContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, FreeWith<SSL_free>>;

// TLS 1.2 or 1.3. Reads the files anew each time, so that a renewed certificate needs no restart.
Result<TlsContext> tls_context_for(const Destination& destination);
// A handshake succeeds only with a certificate of the destination's name or address.
Result<Tls> tls_over(int socket, SSL_CTX* context, const Destination& destination);
// What went wrong just now, in one line.
std::string tls_problem(const SSL* tls = nullptr);

}  // namespace sallyport
