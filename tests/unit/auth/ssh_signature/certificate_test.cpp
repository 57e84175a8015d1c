// Certificates: those of ssh-keygen -s, and everything that an authority could write and the gate must not
// honour.
#include "auth/ssh_signature/certificate.h"

#include "auth/ssh_signature/claim.h"
#include "tests/catch.h"
#include "tests/unit/auth/ssh_signature/key_ring.h"
#include "tests/unit/auth/ssh_signature/signer.h"

using namespace sallyport;

namespace {

const std::string kText = "sallyport-challenge-v1\n";

SignatureClaim claim_of(std::string_view response) {
  SignatureClaim claim;
  claim.challenge = kText;
  claim.response = response;
  claim.names = {"kim", "kim-account"};
  claim.source = Address::parse("192.0.2.7").value();
  claim.now = std::chrono::sys_seconds{std::chrono::seconds{1'800'000'000}};
  return claim;
}

const Signer& subject() {
  static const Signer signer = Signer::make(KeyKind::ed25519);
  return signer;
}
const Signer& authority() {
  static const Signer signer = Signer::make(KeyKind::ecdsa_p384);
  return signer;
}
EnrolledKeys enrolled(const Signer& ca = authority()) {
  return EnrolledKeys::parse("authority " + ca.line()).value();
}

std::string outcome(const Result<SignedBy>& result) { return result ? "accepted" : result.error().message(); }

std::string with_blob(const std::string& blob, const Signer& signer = subject(),
                      const SigFields& fields = {}) {
  const auto response = to_base64(sshsig(signer, blob, kText, fields));
  return outcome(match_signature(enrolled(), claim_of(response)));
}

template <class Set>
std::string with(Set set) {
  CertificateFields fields;
  set(fields);
  return with_blob(certificate(subject(), authority(), fields));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a certificate of ssh-keygen -s counts, on every type of key and of authority") {
  const KeyRing ring;
  const std::string type = GENERATE("ed25519", "rsa -b 3072", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521");
  const std::string by = GENERATE("ed25519", "rsa -b 3072");
  ring.must("ssh-keygen -q -t " + type + " -N '' -f id; ssh-keygen -q -t " + by + " -N '' -f ca;" +
            "ssh-keygen -q -s ca -I 'kim@vendor' -z 42 -n kim,other -V always:forever "
            "-O source-address=192.0.2.0/24,2001:db8::/32 id.pub");
  // With a certificate ssh-keygen signs through an agent.
  ring.write("message", kText);
  ring.must(
      "eval $(ssh-agent) >/dev/null; ssh-add -q id; ssh-keygen -q -Y sign -n sallyport -f id-cert.pub "
      "message;"
      "status=$?; ssh-agent -k >/dev/null; exit $status");
  const auto response = ring.read("message.sig");
  const auto keys = EnrolledKeys::parse("authority " + ring.read("ca.pub")).value();
  const auto signed_by = match_signature(keys, claim_of(response));
  INFO(outcome(signed_by));
  REQUIRE(signed_by);
  CHECK(has(ring.must("ssh-keygen -lf id.pub"), signed_by->fingerprint));
  CHECK(has(ring.must("ssh-keygen -lf ca.pub"), signed_by->authority));
  CHECK(signed_by->serial == 42);
  CHECK(signed_by->certificate_id == "kim@vendor");
  auto elsewhere = claim_of(response);
  elsewhere.source = Address::parse("198.51.100.1").value();
  CHECK(has(outcome(match_signature(keys, elsewhere)), "198.51.100.1"));
}

TEST_CASE("our own certificates are what ssh-keygen takes for certificates") {
  const KeyRing ring;
  ring.write("id-cert.pub",
             subject().certificate_type() + " " + to_base64(certificate(subject(), authority())) + "\n");
  const auto shown = ring.must("ssh-keygen -Lf id-cert.pub");
  CHECK(has(shown, "kim@vendor"));
  CHECK(has(shown, "Serial: 42"));
  CHECK(with([](auto&) {}) == "accepted");
}

TEST_CASE("certificates of security keys and by security keys count, touched alone") {
  const auto sk = Signer::make(GENERATE(KeyKind::sk_ed25519, KeyKind::sk_ecdsa_p256));
  const auto run = [&](const CertificateFields& fields, std::uint8_t flags) {
    SigFields sig;
    sig.options.flags = flags;
    return with_blob(certificate(sk, authority(), fields), sk, sig);
  };
  CHECK(run({}, 1) == "accepted");
  CHECK(has(run({}, 0), "touched"));
  CertificateFields verified;
  verified.critical = {{"verify-required", ""}};
  CHECK(has(run(verified, 1), "verify"));
  CHECK(run(verified, 5) == "accepted");
  CertificateFields untouched;
  untouched.extensions = {{"no-touch-required", ""}};
  CHECK(has(run(untouched, 0), "touched"));
  // As the authority.
  for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{1}}) {
    CertificateFields fields;
    fields.options.flags = flags;
    const auto response = to_base64(sshsig(subject(), certificate(subject(), sk, fields), kText));
    CHECK(match_signature(enrolled(sk), claim_of(response)).has_value() == (flags == 1));
  }
}

TEST_CASE("verify-required on a key that cannot verify is refused") {
  CHECK(has(with([](auto& f) { f.critical = {{"verify-required", ""}}; }), "security key"));
}

TEST_CASE("a certificate names the rep or the account among its principals") {
  CHECK(with([](auto& f) { f.principals = {"kim"}; }) == "accepted");
  CHECK(with([](auto& f) { f.principals = {"lee", "kim-account"}; }) == "accepted");
  CHECK(has(with([](auto& f) { f.principals = {}; }), "principals"));
  CHECK(has(with([](auto& f) { f.principals = {""}; }), "principals"));
  CHECK(has(with([](auto& f) { f.principals = {"*"}; }), "principals"));
  CHECK(has(with([](auto& f) { f.principals = {"Kim"}; }), "principals"));
  CHECK(has(with([](auto& f) { f.principals = {"kim "}; }), "principals"));
  CHECK(has(with([](auto& f) { f.principals = {std::string("kim\0x", 5)}; }), "principals"));
  CHECK(has(with([](auto& f) { f.principals = {"lee,kim"}; }), "principals"));
}

TEST_CASE("a certificate holds from its first second to before its last") {
  constexpr std::uint64_t now = 1'800'000'000;
  CHECK(with([](auto& f) { f.after = now, f.before = now + 1; }) == "accepted");
  CHECK(has(with([](auto& f) { f.after = now + 1; }), "not valid yet"));
  CHECK(has(with([](auto& f) { f.before = now; }), "expired"));
  CHECK(has(with([](auto& f) { f.after = ~std::uint64_t{0}; }), "not valid yet"));
  CHECK(has(with([](auto& f) { f.before = 0; }), "expired"));
}

TEST_CASE("a host's certificate, or one of no known type, is refused") {
  CHECK(has(with([](auto& f) { f.type = 2; }), "user"));
  CHECK(has(with([](auto& f) { f.type = 0; }), "user"));
}

TEST_CASE("critical options: source-address is honoured, force-command and unknown ones refuse") {
  CHECK(with([](auto& f) { f.critical = {{"source-address", packed("192.0.2.0/24")}}; }) == "accepted");
  CHECK(has(with([](auto& f) {
              f.critical = {{"source-address", packed("192.0.3.0/24,::/0")}};
            }),
            "192.0.2.7"));
  CHECK(has(with([](auto& f) { f.critical = {{"source-address", packed("")}}; }), "source-address"));
  CHECK(has(with([](auto& f) {
              f.critical = {{"source-address", packed("!192.0.2.1")}};
            }),
            "source-address"));
  CHECK(has(with([](auto& f) { f.critical = {{"source-address", "192.0.2.7"}}; }), "cut short"));
  CHECK(has(with([](auto& f) { f.critical = {{"force-command", packed("true")}}; }), "force-command"));
  CHECK(has(with([](auto& f) { f.critical = {{"new@example.com", ""}}; }), "new@example.com"));
  CHECK(has(with([](auto& f) { f.critical = {{"verify-required", packed("x")}}; }), "verify-required"));
}

TEST_CASE("options are sorted, each once; extensions allow nothing here") {
  const CertificateOption from{"source-address", packed("192.0.2.7/32")};
  CHECK(has(with([&](auto& f) { f.critical = {from, from}; }), "out of order"));
  CHECK(has(with([&](auto& f) { f.critical = {{"verify-required", ""}, from}; }), "out of order"));
  CHECK(has(with([](auto& f) {
              f.extensions = {{"permit-pty", ""}, {"permit-agent", ""}};
            }),
            "out of order"));
  CHECK(with([](auto& f) { f.extensions = {{"anything@example.com", "x"}}; }) == "accepted");
  CHECK(with([](auto& f) { f.extensions = {}; }) == "accepted");
}

TEST_CASE("a reserved field, bytes behind, a changed bit: no certificate") {
  CHECK(has(with([](auto& f) { f.reserved = "x"; }), "reserved"));
  CHECK(has(with([](auto& f) { f.tail = std::string(1, '\0'); }), "too many"));
  const auto good = certificate(subject(), authority());
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(Certificate::parse(good.substr(0, size)));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = good;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      if (with_blob(changed) == "accepted") FAIL("byte " << i << ", bit " << bit);
    }
}

TEST_CASE("only an enrolled authority counts, in its own role") {
  const auto blob = certificate(subject(), authority());
  const auto response = to_base64(sshsig(subject(), blob, kText));
  const auto against = [&](const std::string& file) {
    return outcome(match_signature(EnrolledKeys::parse(file).value(), claim_of(response)));
  };
  CHECK(against("authority " + authority().line()) == "accepted");
  CHECK(has(against("key " + authority().line()), "not enrolled"));
  CHECK(has(against("key " + subject().line()), "not enrolled"));
  CHECK(has(against("authority " + Signer::make(KeyKind::ecdsa_p384).line()), "not enrolled"));
  CHECK(has(against(""), "not enrolled"));
}

TEST_CASE("a certificate signed by another than it says, with SHA-1, or by a certificate, is refused") {
  const auto thief = Signer::make(KeyKind::ecdsa_p384);
  auto forged = certificate(subject(), thief);
  forged.replace(forged.find(thief.blob()), thief.blob().size(), authority().blob());
  CHECK(has(with_blob(forged), "the certificate's signature"));

  const auto rsa = Signer::make(KeyKind::rsa);
  CertificateFields sha1;
  sha1.options.rsa = "ssh-rsa";
  const auto response = to_base64(sshsig(subject(), certificate(subject(), rsa, sha1), kText));
  CHECK(has(outcome(match_signature(enrolled(rsa), claim_of(response))), "ssh-rsa"));

  auto chained = certificate(subject(), authority());
  const auto inner = certificate(authority(), authority());
  const auto at = chained.find(packed(authority().blob()));
  chained.replace(at, packed(authority().blob()).size(), packed(inner));
  CHECK_FALSE(with_blob(chained) == "accepted");
}

TEST_CASE("a certificate shown by somebody else than its subject is refused") {
  const auto thief = Signer::make(KeyKind::ed25519);
  CHECK(has(with_blob(certificate(subject(), authority()), thief), "not the key's"));
}

TEST_CASE("a weak key does not become strong by a certificate") {
  const auto weak = Signer::make(KeyKind::rsa, "", 2048);
  CHECK(has(with_blob(certificate(weak, authority()), weak), "2048 bits"));
  const auto other = Signer::make(KeyKind::sk_ed25519, "https://bank.example");
  CHECK(has(with_blob(certificate(other, authority()), other), "application"));
}
