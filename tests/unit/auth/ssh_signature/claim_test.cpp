// Whether an answer counts: signatures of ssh-keygen on every type of key, agreement with ssh-keygen -Y
// verify, and everything that is nearly right.
#include "auth/ssh_signature/claim.h"

#include "auth/ssh_signature/sshsig.h"
#include "tests/catch.h"
#include "tests/unit/auth/ssh_signature/key_ring.h"
#include "tests/unit/auth/ssh_signature/signer.h"

using namespace sallyport;

namespace {

const std::string kText = "sallyport-challenge-v1\ngateway: gw1\nand so on\n";

EnrolledKeys enrolled(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return EnrolledKeys::parse(text).value();
}

SignatureClaim claim_of(std::string_view response) {
  SignatureClaim claim;
  claim.challenge = kText;
  claim.response = response;
  claim.names = {"kim", "kim-account"};
  claim.source = Address::parse("192.0.2.7").value();
  claim.now = std::chrono::sys_seconds{std::chrono::seconds{1'800'000'000}};
  return claim;
}

Result<SignedBy> match(const EnrolledKeys& keys, std::string_view response) {
  return match_signature(keys, claim_of(response));
}

std::string why(const Result<SignedBy>& result) { return result ? "accepted" : result.error().message(); }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// One of each kind, made once: RSA takes its time.
const Signer& signer_of(KeyKind kind) {
  static const std::vector<Signer> signers = [] {
    std::vector<Signer> made;
    for (int i = 0; i <= static_cast<int>(KeyKind::sk_ecdsa_p256); ++i)
      made.push_back(Signer::make(static_cast<KeyKind>(i)));
    return made;
  }();
  return signers[static_cast<std::size_t>(kind)];
}

EnrolledKeys only(const Signer& signer) { return enrolled({"key " + signer.line()}); }

std::string by(const Signer& signer, const SigFields& fields = {}, std::string_view message = kText) {
  return to_base64(sshsig(signer, signer.blob(), message, fields));
}

auto every_kind() {
  return GENERATE(KeyKind::ed25519, KeyKind::rsa, KeyKind::ecdsa_p256, KeyKind::ecdsa_p384,
                  KeyKind::ecdsa_p521, KeyKind::sk_ed25519, KeyKind::sk_ecdsa_p256);
}

}  // namespace

TEST_CASE("what ssh-keygen -Y sign makes is accepted, on every type of key and by both hashes") {
  const KeyRing ring;
  const std::string type =
      GENERATE("ed25519", "rsa -b 3072", "rsa -b 4096", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521");
  ring.must("ssh-keygen -q -t " + type + " -N '' -f id");
  const auto keys = enrolled({"key " + ring.read("id.pub")});
  for (const auto* const hash : {"", "-O hashalg=sha256", "-O hashalg=sha512"}) {
    const auto signature = ring.sign("id", kText, hash);
    const auto signed_by = match(keys, signature);
    INFO(why(signed_by));
    REQUIRE(signed_by);
    CHECK(signed_by->fingerprint == keys.entries.front().key.fingerprint());
    CHECK(signed_by->authority.empty());
    CHECK_FALSE(signed_by->counter);
  }
}

TEST_CASE("ssh-keygen -Y verify agrees with what is accepted here") {
  const KeyRing ring;
  const Signer& signer = signer_of(every_kind());
  const auto good = sshsig(signer, signer.blob(), kText);
  CHECK(ring.verifies(signer.line(), kText, armoured(good)));
  CHECK(match(only(signer), armoured(good)));
  CHECK_FALSE(ring.verifies(signer.line(), kText + "x", armoured(good)));
  auto claim = claim_of("");
  const auto text = armoured(good);
  claim.response = text;
  const auto other = kText + "x";
  claim.challenge = other;
  CHECK_FALSE(match_signature(only(signer), claim));
}

TEST_CASE("a signature may come armoured or bare, with any spaces and line ends in it") {
  const Signer& signer = signer_of(KeyKind::ecdsa_p256);
  const auto blob = sshsig(signer, signer.blob(), kText);
  const auto keys = only(signer);
  const auto bare = to_base64(blob);
  CHECK(match(keys, armoured(blob)));
  CHECK(match(keys, armoured(blob, "\r\n")));
  CHECK(match(keys, armoured(blob, " ")));
  CHECK(match(keys, "\n" + armoured(blob) + "\n\n"));
  CHECK(match(keys, bare));
  CHECK(match(keys, bare.substr(0, 100) + "\n" + bare.substr(100) + "\r\n"));
  CHECK(match(keys, bare.substr(0, 3) + " " + bare.substr(3)));
}

TEST_CASE("an answer with anything else in it is refused") {
  const Signer& signer = signer_of(KeyKind::ed25519);
  const auto blob = sshsig(signer, signer.blob(), kText);
  const auto keys = only(signer);
  const auto bare = to_base64(blob), text = armoured(blob);
  const std::vector<std::string> bad_ones{
      std::string{},
      std::string{" "},
      std::string{"12345678"},
      text + text,
      text + bare,
      bare + bare,
      bare + "=",
      "x" + text,
      text + "x",
      bare.substr(0, bare.size() - 4),
      text.substr(0, text.size() - 10),
      text.substr(1),
      to_base64(blob + blob),
      to_base64(blob + std::string(1, '\0')),
      to_base64(blob.substr(0, blob.size() - 1)),
      bare + "-----END SSH SIGNATURE-----",
      "-----BEGIN SSH SIGNATURE-----" + bare,
      "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
      std::string(1'000'000, 'A'),
      bare + std::string(1'000'000, ' '),
      bare + std::string("\0", 1),
      "-----BEGIN PGP SIGNATURE-----\n" + bare + "\n-----END PGP SIGNATURE-----"};
  for (const auto& bad : bad_ones) CHECK_FALSE(match(keys, bad));
}

TEST_CASE("every change of one bit of a signature is refused") {
  const Signer& signer = signer_of(every_kind());
  const auto keys = only(signer);
  const auto good = sshsig(signer, signer.blob(), kText);
  REQUIRE(match(keys, to_base64(good)));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = good;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      if (match(keys, to_base64(changed))) FAIL("byte " << i << ", bit " << bit);
    }
}

TEST_CASE("every change of one bit of what was signed is refused") {
  const Signer& signer = signer_of(GENERATE(KeyKind::ed25519, KeyKind::sk_ecdsa_p256));
  const auto keys = only(signer);
  const auto response = by(signer);
  for (std::size_t i = 0; i < kText.size(); ++i) {
    auto changed = kText;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    auto claim = claim_of(response);
    claim.challenge = changed;
    if (match_signature(keys, claim)) FAIL("byte " << i);
  }
}

TEST_CASE("a field of the signature that is not as it must be is refused, though it is signed") {
  const Signer& signer = signer_of(KeyKind::ed25519);
  const auto refused = [&](auto set) {
    SigFields fields;
    set(fields);
    return why(match(only(signer), by(signer, fields)));
  };
  CHECK(refused([](auto&) {}) == "accepted");
  CHECK(has(refused([](auto& f) { f.version = 0; }), "version"));
  CHECK(has(refused([](auto& f) { f.version = 2; }), "version"));
  CHECK(has(refused([](auto& f) { f.name = "file"; }), "namespace"));
  CHECK(has(refused([](auto& f) { f.name = ""; }), "namespace"));
  CHECK(has(refused([](auto& f) { f.name = "sallyport2"; }), "namespace"));
  CHECK(has(refused([](auto& f) { f.name = std::string("sallyport\0x", 11); }), "namespace"));
  CHECK(has(refused([](auto& f) { f.reserved = "x"; }), "reserved"));
  CHECK(has(refused([](auto& f) { f.hash = "sha1"; }), "hash"));
  CHECK(has(refused([](auto& f) { f.hash = "sha384"; }), "hash"));
  CHECK(has(refused([](auto& f) { f.magic = "SSHSIH"; }), "not an SSH signature"));
}

TEST_CASE("stricter than ssh-keygen -Y verify: the reserved field") {
  const Signer& signer = signer_of(KeyKind::ed25519);
  SigFields fields;
  fields.reserved = "x";
  const auto blob = sshsig(signer, signer.blob(), kText, fields);
  CHECK_FALSE(match(only(signer), armoured(blob)));
}

TEST_CASE("a signature for another namespace, made by ssh-keygen, is refused") {
  const KeyRing ring;
  ring.must("ssh-keygen -q -t ed25519 -N '' -f id");
  CHECK(has(why(match(enrolled({"key " + ring.read("id.pub")}), ring.sign("id", kText, "", "git"))),
            "namespace"));
}

TEST_CASE("only an enrolled key counts, in its own role") {
  const Signer& signer = signer_of(KeyKind::ed25519);
  CHECK(has(why(match(only(signer_of(KeyKind::ecdsa_p256)), by(signer))), "not enrolled"));
  CHECK(has(why(match(enrolled({"authority " + signer.line()}), by(signer))), "not enrolled"));
  CHECK(has(why(match(EnrolledKeys{}, by(signer))), "not enrolled"));
  // Another's key shown with one's own signature.
  const auto other = Signer::make(KeyKind::ed25519);
  CHECK_FALSE(match(only(signer), to_base64(sshsig(other, signer.blob(), kText))));
}

TEST_CASE("RSA signs with SHA-2 alone, and with a signature as long as the key") {
  const Signer& rsa = signer_of(KeyKind::rsa);
  const auto with = [&](const std::string& algorithm) {
    SigFields fields;
    fields.options.rsa = algorithm;
    return why(match(only(rsa), by(rsa, fields)));
  };
  CHECK(with("rsa-sha2-256") == "accepted");
  CHECK(with("rsa-sha2-512") == "accepted");
  CHECK(has(with("ssh-rsa"), "ssh-rsa"));
  CHECK(has(with("rsa-sha2-384"), "rsa-sha2-384"));
  for (const std::size_t bits : {1024U, 2048U}) {
    const auto weak = Signer::make(KeyKind::rsa, "", static_cast<unsigned>(bits));
    CHECK(has(why(match(only(rsa), by(weak))), "bits"));
  }
}

TEST_CASE("an algorithm that is not the key's is refused") {
  const Signer& plain = signer_of(KeyKind::ed25519);
  const auto good = sshsig(plain, plain.blob(), kText);
  auto renamed = good;
  renamed.replace(renamed.rfind("ssh-ed25519"), 11, "ssh-ed25518");
  CHECK(has(why(match(only(plain), to_base64(renamed))), "ssh-ed25518"));
}

TEST_CASE("a security key must have been touched") {
  const Signer& signer = signer_of(GENERATE(KeyKind::sk_ed25519, KeyKind::sk_ecdsa_p256));
  const auto with_flags = [&](std::uint8_t flags, bool user_verification) {
    SigFields fields;
    fields.options.flags = flags;
    const auto response = by(signer, fields);
    auto claim = claim_of(response);
    claim.user_verification = user_verification;
    return why(match_signature(only(signer), claim));
  };
  CHECK(with_flags(1, false) == "accepted");
  CHECK(with_flags(5, false) == "accepted");
  CHECK(with_flags(5, true) == "accepted");
  CHECK(has(with_flags(0, false), "touched"));
  CHECK(has(with_flags(4, false), "touched"));
  CHECK(has(with_flags(4, true), "touched"));
  CHECK(has(with_flags(1, true), "verify"));
}

TEST_CASE("where the policy wants user verification, a key without it does not do") {
  const Signer& signer = signer_of(KeyKind::ed25519);
  const auto response = by(signer);
  auto claim = claim_of(response);
  claim.user_verification = true;
  CHECK(has(why(match_signature(only(signer), claim)), "security key"));
}

TEST_CASE("a security key's counter is told, for who remembers it") {
  const Signer& signer = signer_of(KeyKind::sk_ed25519);
  SigFields fields;
  fields.options.counter = 123456;
  CHECK(match(only(signer), by(signer, fields)).value().counter == 123456U);
  fields.options.counter = 0;
  CHECK(match(only(signer), by(signer, fields)).value().counter == 0U);
}

TEST_CASE("a signature of the plain kind is not one of a security key, nor the other way round") {
  const Signer& sk = signer_of(KeyKind::sk_ed25519);
  const Signer& plain = signer_of(KeyKind::ed25519);
  const auto keys = enrolled({"key " + sk.line(), "key " + plain.line()});
  CHECK_FALSE(match(keys, to_base64(sshsig(plain, sk.blob(), kText))));
  CHECK_FALSE(match(keys, to_base64(sshsig(sk, plain.blob(), kText))));
}

TEST_CASE("ECDSA numbers are positive, in their one form, and below the order") {
  const Signer& signer = signer_of(KeyKind::ecdsa_p256);
  const auto n = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  const auto with_pair = [&](const std::string& r, const std::string& s, const std::string& tail = "") {
    auto blob = std::string{"SSHSIG"};
    ByteWriter sig;
    sig.u32(1);
    sig.text(signer.blob());
    sig.text("sallyport");
    sig.text("");
    sig.text("sha512");
    sig.text(packed("ecdsa-sha2-nistp256") + packed(packed(r) + packed(s) + tail));
    return match(only(signer), to_base64(blob + sig.bytes())).has_value();
  };
  const std::string zero(1, '\0');
  CHECK_FALSE(with_pair("", ""));
  CHECK_FALSE(with_pair(zero, zero));
  CHECK_FALSE(with_pair("\x01", "\x01"));
  CHECK_FALSE(with_pair(zero + n, "\x01"));
  CHECK_FALSE(with_pair("\x01", zero + n));
  // A right one, but written otherwise.
  const auto good = sshsig(signer, signer.blob(), kText);
  ByteReader reader{good};
  (void)reader.u32(), (void)reader.u8(), (void)reader.u8(), (void)reader.u32();
  for (int i = 0; i < 4; ++i) (void)reader.text(9999);
  ByteReader inner{std::string_view{good}.substr(good.size() - 4 - reader.text(9999).size() + 4)};
  (void)inner.text(64);
  const auto pair = inner.text(200);
  ByteReader numbers{pair};
  const auto r = numbers.text(40), s = numbers.text(40);
  CHECK(with_pair(r, s));
  CHECK_FALSE(with_pair(zero + r, s));
  CHECK_FALSE(with_pair(r, zero + s));
  CHECK_FALSE(with_pair(r, s, zero));
}
