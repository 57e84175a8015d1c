// What a certificate is known by: held against what openssl says of the same one. Runs in: unit tests.
#include "base/certificate.h"

#include <openssl/pem.h>

#include <memory>

#include "base/handle.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hmc1.example
constexpr const char* kCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgzCCASmgAwIBAgIUQC2oD6NYmlcwvVKDxtZ6S7LRFAowCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMaG1jMS5leGFtcGxlMB4XDTI2MTEzMDE0MDcxNVoXDTM2MTEy\n"
    "NzE0MDcxNVowFzEVMBMGA1UEAwwMaG1jMS5leGFtcGxlMFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAExbsr9LQrF80lhHc5kswWXB4ifWQ5jKJ8stfit8fp3bThj/p/\n"
    "5/3DFSLB4d5RRKZpcjzR28IRD7s5WQk3rS9qDaNTMFEwHQYDVR0OBBYEFH9PSkHO\n"
    "2nitiswB8MyjoMVTO/mgMB8GA1UdIwQYMBaAFH9PSkHO2nitiswB8MyjoMVTO/mg\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgffplDeOn1pw9nQvF\n"
    "l95hzjEL+qRSw7JvjI2HQnGDcCQCIQC6j7ro6uYd3wYz4S8YRxKn5j4bAOpjgC7w\n"
    "o07FpM68Fw==\n"
    "-----END CERTIFICATE-----\n";

}  // namespace

TEST_CASE("a certificate has the pin and the fingerprint that openssl and curl give it") {
  const std::unique_ptr<BIO, FreeWith<BIO_free_all>> text{BIO_new_mem_buf(kCertificate, -1)};
  const std::unique_ptr<X509, FreeWith<X509_free>> certificate{
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
  REQUIRE(certificate);
  CHECK(certificate_pin(certificate.get()) == "GE7hun2qX6FCmF3BvGqTZnihLpBuu9zgYeHYIryGZbU=");
  CHECK(certificate_fingerprint(certificate.get()) ==
        "SHA256 D7:04:3B:17:D8:90:48:64:4F:A0:9C:D8:51:7D:38:C9:46:AE:31:F5:30:42:B9:C4:55:27:17:2E:23:14:7F:"
        "40");
}
