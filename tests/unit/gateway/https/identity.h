// Identity: a key with its self-signed certificate, made for a test. Runs in: unit tests.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/encoding.h"
#include "gateway/https/tls.h"
#include "tests/catch.h"

namespace sallyport {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

struct Identity {
  std::string key, certificate, pin;
};

inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

inline Identity new_identity(const std::string& name) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  REQUIRE((key != nullptr && certificate != nullptr));
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
  const Bio key_text{BIO_new(BIO_s_mem())}, certificate_text{BIO_new(BIO_s_mem())};
  PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(certificate_text.get(), certificate);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  unsigned char digest[32];
  EVP_Digest(der, static_cast<std::size_t>(size), digest, nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  EVP_PKEY_free(key);
  X509_free(certificate);
  return {text_of(key_text.get()), text_of(certificate_text.get()),
          to_base64({reinterpret_cast<const char*>(digest), sizeof digest})};
}

inline BeginWeb begin_with(const Identity& identity, TlsProfile profile = TlsProfile::modern) {
  return {"", "gate", Secret{identity.key}, identity.certificate, profile};
}

}  // namespace sallyport
