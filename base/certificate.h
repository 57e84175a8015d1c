// What a certificate is known by. Pure; runs in: everything.
#pragma once

#include <openssl/x509.h>

#include <string>

namespace sallyport {

// Base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, section 2.4): stays when it is renewed with
// the same key. Empty when the key cannot be written down.
std::string certificate_pin(const X509* certificate);
// "SHA256 AB:CD:…", as browsers and openssl show it.
std::string certificate_fingerprint(const X509* certificate);

}  // namespace sallyport
