// Runs in: sallyport-send.
#include "gateway/send/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"

namespace sallyport {

namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

Bio reader_of(std::string_view pem) { return Bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))}; }

Certificate next_certificate(const Bio& bio) {
  return Certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
}

Done trust(SSL_CTX* context, const std::filesystem::path& file) {
  if (file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      return fail("the host's authorities: {}", tls_problem());
    return {};
  }
  ASSIGN_OR_RETURN(const auto pem, read_trusted_file(file, Trust::owned_by_root));
  const auto bio = reader_of(pem);
  int count = 0;
  for (auto authority = next_certificate(bio); authority; authority = next_certificate(bio), ++count)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1)
      return fail("{}: {}", file.string(), tls_problem());
  ERR_clear_error();
  if (count == 0) return fail("{} holds no certificate (expected an authority's, as PEM)", file.string());
  return {};
}

Done show(SSL_CTX* context, const Destination& destination) {
  if (destination.certificate.empty()) return {};
  ASSIGN_OR_RETURN(const auto chain, read_trusted_file(destination.certificate, Trust::owned_by_root));
  const auto bio = reader_of(chain);
  const auto own = next_certificate(bio);
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1)
    return fail("{} holds no certificate (expected ours, as PEM)", destination.certificate.string());
  for (auto next = next_certificate(bio); next; next = next_certificate(bio))
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
      return fail("{}: {}", destination.certificate.string(), tls_problem());
  ERR_clear_error();
  ASSIGN_OR_RETURN(auto pem, read_trusted_file(destination.key, Trust::secret_of_group));
  const Key key{PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, nullptr, nullptr)};
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return fail("{} holds no key of that certificate: {}", destination.key.string(), tls_problem());
  return {};
}

}  // namespace

std::string tls_problem(const SSL* tls) {
  const auto verified = tls == nullptr ? X509_V_OK : SSL_get_verify_result(tls);
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection broke" : reason;
}

Result<TlsContext> tls_context_for(const Destination& destination) {
  TlsContext context{SSL_CTX_new(TLS_client_method())};
  const bool good = context && SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
  if (!good) return fail("making a TLS context: {}", tls_problem());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  RETURN_IF_ERROR(trust(context.get(), destination.ca));
  RETURN_IF_ERROR(show(context.get(), destination));
  return context;
}

Result<Tls> tls_over(int socket, SSL_CTX* context, const Destination& destination) {
  Tls tls{SSL_new(context)};
  if (!tls || SSL_set_fd(tls.get(), socket) != 1) return fail("beginning TLS: {}", tls_problem());
  const auto& host = destination.host;
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), host.c_str()) == 1) return tls;
  SSL_set_hostflags(tls.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set1_host(tls.get(), host.c_str()) != 1 || SSL_set_tlsext_host_name(tls.get(), host.c_str()) != 1)
    return fail("the destination's name: {}", tls_problem());
  ERR_clear_error();
  return tls;
}

}  // namespace sallyport
