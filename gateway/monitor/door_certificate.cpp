// Runs in: sallyportd (privileged).
#include "gateway/monitor/door_certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "base/certificate.h"
#include "base/file.h"
#include "base/handle.h"
#include "gateway/wire/message.h"

namespace sallyport {

namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;

constexpr int kSerialBits = 127;  // RFC 5280, section 4.1.2.2: positive, at most 20 bytes
// Browsers refuse what is valid for longer, also when it is trusted by hand (CA/Browser Forum, 6.3.2).
constexpr long kLifetime = 397L * 86400, kRenewBefore = 30L * 86400, kClockSlack = 3600;

Bio reader_of(std::string_view text) {
  return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<Key> read_key(const Secret& pem, const std::filesystem::path& file) {
  Key key{PEM_read_bio_PrivateKey(reader_of(pem.reveal()).get(), nullptr, nullptr, nullptr)};
  if (!key) return fail("{} holds no private key in PEM without a passphrase", file.string());
  return key;
}

Result<Certificate> read_certificate(const std::string& pem, const std::filesystem::path& file) {
  Certificate certificate{PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr)};
  if (!certificate) return fail("{} holds no certificate in PEM", file.string());
  return certificate;
}

// What a browser may call the gate: "DNS:gate.example.com,IP:192.0.2.1".
std::string names_of(const Settings& settings) {
  const bool is_address = Address::parse(settings.gate_name).has_value();
  auto names = fmt::format("{}:{}", is_address ? "IP" : "DNS", settings.gate_name);
  for (const auto& address : settings.addresses) names += ",IP:" + address.text();
  return names;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  const Extension extension{X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str())};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool has_names(X509* certificate, const std::string& names) {
  const Extension wanted{X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str())};
  const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  if (!wanted || at < 0) return false;
  return ASN1_STRING_cmp(X509_EXTENSION_get_data(X509_get_ext(certificate, at)),
                         X509_EXTENSION_get_data(wanted.get())) == 0;
}

bool lasts(const X509* certificate, WallTime now) {
  auto soon = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now) +
      std::chrono::seconds{kRenewBefore});
  return X509_cmp_time(X509_get0_notAfter(certificate), &soon) > 0;
}

bool set_times(X509* certificate, WallTime now) {
  auto seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -kClockSlack, &seconds) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), 0, kLifetime, &seconds) != nullptr;
}

bool set_serial(X509* certificate) {
  const Number number{BN_new()};
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& name) {
  constexpr std::size_t kLongest = 64;  // X.520, ub-common-name; the whole name is among the others
  const auto common = name.substr(0, kLongest);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

Result<Certificate> sign_own(EVP_PKEY* key, const Settings& settings, WallTime now) {
  Certificate made{X509_new()};
  const bool good = made && X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
                    set_times(made.get(), now) && set_subject(made.get(), settings.gate_name) &&
                    X509_set_pubkey(made.get(), key) == 1 &&
                    add_extension(made.get(), NID_subject_alt_name, names_of(settings)) &&
                    add_extension(made.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(made.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(made.get(), NID_ext_key_usage, "serverAuth") &&
                    X509_sign(made.get(), key, EVP_sha256()) > 0;
  if (!good) return fail("the gate's own certificate could not be made for {}", names_of(settings));
  return made;
}

Result<std::string> pem_of(X509* certificate) {
  const Bio bio{BIO_new(BIO_s_mem())};
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) return fail("writing a certificate");
  return text_of(bio.get());
}

Result<Secret> new_key() {
  const Key key{EVP_EC_gen("P-256")};
  const Bio bio{BIO_new(BIO_s_secmem())};
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail("making a key for the HTTPS door");
  return Secret::taking(text_of(bio.get()));
}

Result<Secret> read_secret(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(auto text, read_trusted_file(file, Trust::secret_of_root, limit::key));
  return Secret::taking(std::move(text));
}

Result<Secret> own_key(const std::filesystem::path& folder) {
  const auto file = folder / "key.pem";
  auto key = read_secret(file);
  if (key || key.error().code() != ENOENT) return key;
  ASSIGN_OR_RETURN(auto made, new_key());
  RETURN_IF_ERROR(replace_file(file, made.reveal(), 0600));
  return made;
}

Result<std::string> read_certificates(const std::filesystem::path& file) {
  return read_trusted_file(file, Trust::owned_by_root, limit::certificates);
}

// The gate's own certificate, if it still serves.
Result<std::string> own_certificate(const std::filesystem::path& file, EVP_PKEY* key,
                                    const Settings& settings, WallTime now) {
  ASSIGN_OR_RETURN(auto pem, read_certificates(file));
  ASSIGN_OR_RETURN(const auto certificate, read_certificate(pem, file));
  if (X509_check_private_key(certificate.get(), key) == 1 &&
      has_names(certificate.get(), names_of(settings)) && lasts(certificate.get(), now))
    return pem;
  return fail("{} serves no longer", file.string());
}

std::filesystem::path certificate_file(const std::filesystem::path& folder) {
  return folder / "certificate.pem";
}

Result<DoorCertificate> load_own(const Settings& settings, const std::filesystem::path& folder,
                                 WallTime now) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("making {}", folder.string());
  ASSIGN_OR_RETURN(auto secret, own_key(folder));
  ASSIGN_OR_RETURN(const auto key, read_key(secret, folder / "key.pem"));
  const auto file = certificate_file(folder);
  auto pem = own_certificate(file, key.get(), settings, now);
  const bool is_new = !pem;
  if (is_new) {
    ASSIGN_OR_RETURN(const auto made, sign_own(key.get(), settings, now));
    ASSIGN_OR_RETURN(pem, pem_of(made.get()));
  }
  ASSIGN_OR_RETURN(const auto certificate, read_certificate(*pem, file));
  return DoorCertificate{std::move(secret), *std::move(pem), certificate_fingerprint(certificate.get()),
                         is_new};
}

Result<DoorCertificate> load_files(const HttpsDoor& door) {
  ASSIGN_OR_RETURN(auto secret, read_secret(door.key));
  ASSIGN_OR_RETURN(const auto key, read_key(secret, door.key));
  ASSIGN_OR_RETURN(auto pem, read_certificates(door.certificate));
  ASSIGN_OR_RETURN(const auto certificate, read_certificate(pem, door.certificate));
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return fail("{} is not the key of the first certificate in {}", door.key.string(),
                door.certificate.string());
  return DoorCertificate{std::move(secret), std::move(pem), certificate_fingerprint(certificate.get())};
}

}  // namespace

Result<DoorCertificate> DoorCertificate::load(const Settings& settings, const std::filesystem::path& folder,
                                              WallTime now) {
  if (settings.https && !settings.https->key.empty()) return load_files(*settings.https);
  return load_own(settings, folder, now);
}

Done DoorCertificate::store(const std::filesystem::path& folder) const {
  return is_new ? replace_file(certificate_file(folder), certificates, 0644) : Done{};
}

}  // namespace sallyport
