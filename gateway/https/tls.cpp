// Runs in: sallyport-https.
#include "gateway/https/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "base/certificate.h"

namespace sallyport {

namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;

struct TlsPolicy {
  const char *ciphers, *suites, *groups, *signatures;
};

// TLS 1.2 and 1.3, forward secrecy and authenticated encryption only. NIST SP 800-131A: its curves, AES and
// SHA-2.
constexpr TlsPolicy kModern{
    "ECDHE+AESGCM:ECDHE+CHACHA20",
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", "X25519:P-256:P-384",
    "ed25519:ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384"};
constexpr TlsPolicy kNist{"ECDHE+AESGCM", "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "P-384:P-256",
                          "ECDSA+SHA384:ECDSA+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA256:RSA+SHA384:RSA+SHA256"};

const TlsPolicy& policy_of(TlsProfile profile) {
  switch (profile) {
    case TlsProfile::modern:
      return kModern;
    case TlsProfile::nist_800_131a:
      return kNist;
  }
  return kModern;
}

Result<TlsContext> context(const SSL_METHOD* method, TlsProfile profile) {
  TlsContext made{SSL_CTX_new(method)};
  if (!made) return fail("making a TLS context: {}", tls_error());
  const auto& policy = policy_of(profile);
  const bool good = SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(made.get(), policy.ciphers) == 1 &&
                    SSL_CTX_set_ciphersuites(made.get(), policy.suites) == 1 &&
                    SSL_CTX_set1_groups_list(made.get(), policy.groups) == 1 &&
                    SSL_CTX_set1_sigalgs_list(made.get(), policy.signatures) == 1;
  if (!good) return fail("setting the TLS policy: {}", tls_error());
  SSL_CTX_set_options(made.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                      SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  // A write may be retried from another place. Buffers are released by Stream, when a connection idles:
  // OpenSSL would do it after each record.
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  return made;
}

Bio reader_of(std::string_view pem) { return Bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))}; }

Done use_certificates(SSL_CTX* tls, std::string_view pem) {
  const auto bio = reader_of(pem);
  const Certificate own{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
  if (!own || SSL_CTX_use_certificate(tls, own.get()) != 1)
    return fail("the gate's certificate: {}", tls_error());
  for (;;) {
    Certificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    if (!next) break;
    if (SSL_CTX_add_extra_chain_cert(tls, next.get()) != 1)
      return fail("the certificate's chain: {}", tls_error());
    (void)next.release();  // the context's now
  }
  ERR_clear_error();  // the end of the text is said as an error
  return {};
}

// In place of the chain's check: an HMC's own certificate is signed by itself, and often expired.
int is_pinned(X509_STORE_CTX* store, void* argument) {
  const auto& pins = *static_cast<const std::vector<std::string>*>(argument);
  X509* const certificate = X509_STORE_CTX_get0_cert(store);
  const auto pin = certificate == nullptr ? "" : certificate_pin(certificate);
  const bool known = !pin.empty() && std::ranges::find(pins, pin) != pins.end();
  if (!known) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return known ? 1 : 0;
}

void free_pins(void*, void* pins, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::vector<std::string>*>(pins);
}

// The context owns its copy of the pins.
Done pin(SSL_CTX* tls, const std::vector<std::string>& pins) {
  static const int kSlot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_pins);
  auto kept = std::make_unique<std::vector<std::string>>(pins);
  if (SSL_CTX_set_ex_data(tls, kSlot, kept.get()) != 1) return fail("keeping the pins: {}", tls_error());
  SSL_CTX_set_cert_verify_callback(tls, is_pinned, kept.release());
  return {};
}

Done trust(SSL_CTX* tls, const WebTarget& target) {
  X509_STORE* const store = SSL_CTX_get_cert_store(tls);
  const auto bio = reader_of(target.authorities);
  int count = 0;
  for (;; ++count) {
    const Certificate authority{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    if (!authority) break;
    if (X509_STORE_add_cert(store, authority.get()) != 1)
      return fail("the target's authority: {}", tls_error());
  }
  ERR_clear_error();
  if (count == 0) return fail("the target has neither a pin nor an authority");
  X509_VERIFY_PARAM* const checks = SSL_CTX_get0_param(tls);
  const auto host = target.name.starts_with('[') ? target.name.substr(1, target.name.find(']') - 1)
                                                 : target.name.substr(0, target.name.find(':'));
  if (X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str()) != 1 &&
      X509_VERIFY_PARAM_set1_host(checks, host.data(), host.size()) != 1)
    return fail("the target's name: {}", tls_error());
  ERR_clear_error();
  return {};
}

}  // namespace

std::string tls_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection broke" : reason;
}

Done start_tls() {
  if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr) != 1)
    return fail("starting OpenSSL");
  tzset();  // the check of a certificate's times would read /etc/localtime when it first looks
  unsigned char seed = 0;
  if (RAND_bytes(&seed, 1) != 1) return fail("starting OpenSSL's random numbers");
  ASSIGN_OR_RETURN(const auto trial, context(TLS_method(), TlsProfile::modern));
  return {};
}

namespace {

// RFC 7301: who comes for another protocol, and names it, is refused; so that no page can be made to speak to
// this port as to some other server of the gate's.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char kOurs[] =
      "\x08http/1.1"
      "\x08http/1.0";
  unsigned char* out = nullptr;
  const int found = SSL_select_next_proto(&out, size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *chosen = out;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<TlsContext> context_for_reps(const BeginWeb& begin) {
  ASSIGN_OR_RETURN(auto made, context(TLS_server_method(), begin.profile));
  const auto bio = reader_of(begin.key.reveal());
  const Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
  RETURN_IF_ERROR(use_certificates(made.get(), begin.certificates));
  if (!key || SSL_CTX_use_PrivateKey(made.get(), key.get()) != 1)
    return fail("the gate's key: {}", tls_error());
  SSL_CTX_set_num_tickets(made.get(), 0);
  SSL_CTX_set_options(made.get(), SSL_OP_CLEANSE_PLAINTEXT);  // passwords come here
  SSL_CTX_set_alpn_select_cb(made.get(), choose_protocol, nullptr);
  return made;
}

Result<TlsContext> context_for_target(const WebTarget& target, TlsProfile profile) {
  ASSIGN_OR_RETURN(auto made, context(TLS_client_method(), profile));
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  RETURN_IF_ERROR(target.pins.empty() ? trust(made.get(), target) : pin(made.get(), target.pins));
  return made;
}

}  // namespace sallyport
