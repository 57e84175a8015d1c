// Runs in: sallyport.
#include "gateway/console/certificate_scan.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <ctime>
#include <memory>

#include "base/certificate.h"
#include "base/endpoint.h"
#include "base/handle.h"
#include "policies/certificate_pin.h"

namespace sallyport {

namespace {

using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

constexpr timeval kPatience{10, 0};

std::string tls_problem() {
  const auto code = ERR_get_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "it does not answer, or speaks no TLS" : reason;
}

std::string text_of(const X509_NAME* name) {
  const Bio text{BIO_new(BIO_s_mem())};
  if (!text || X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253) < 0) return "?";
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

// A peer that says nothing, or goes away, is an error after a while and no more.
Done prepare(int socket) {
  const int flags = fcntl(socket, F_GETFL);
  if (flags < 0 || fcntl(socket, F_SETFL, flags & ~O_NONBLOCK) != 0 ||
      setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0 ||
      setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0)
    return fail_errno("preparing the connection to the target");
  return {};
}

// While OpenSSL writes, which cannot be told to do without the signal; not longer, because a console whose
// output nobody reads any more is to end.
class NoPipeSignal {
 public:
  NoPipeSignal() : before_(signal(SIGPIPE, SIG_IGN)) {}
  ~NoPipeSignal() { (void)signal(SIGPIPE, before_); }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  void (*before_)(int);
};

}  // namespace

Result<ShownCertificate> read_certificate(UniqueFd socket, const std::string& name) {
  RETURN_IF_ERROR(prepare(socket.get()));
  const Context context{SSL_CTX_new(TLS_client_method())};
  if (!context) return fail("starting TLS: {}", tls_problem());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_security_level(context.get(), 0);  // an old HMC's short key is shown, too
  const Tls tls{SSL_new(context.get())};
  if (!tls || SSL_set_fd(tls.get(), socket.get()) != 1) return fail("starting TLS: {}", tls_problem());
  if (!name.empty() && !Address::parse(name)) SSL_set_tlsext_host_name(tls.get(), name.c_str());
  const NoPipeSignal quiet;
  if (SSL_connect(tls.get()) != 1) return fail("the target's TLS handshake: {}", tls_problem());
  const X509* const certificate = SSL_get0_peer_certificate(tls.get());
  if (certificate == nullptr) return fail("the target has shown no certificate");
  return ShownCertificate{
      text_of(X509_get_subject_name(certificate)), text_of(X509_get_issuer_name(certificate)),
      text_of(X509_get0_notBefore(certificate)),   text_of(X509_get0_notAfter(certificate)),
      certificate_fingerprint(certificate),        std::string{kPinPrefix} + certificate_pin(certificate)};
}

}  // namespace sallyport
