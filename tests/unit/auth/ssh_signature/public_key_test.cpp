// Public keys: every type as ssh-keygen writes it; weak, odd and truncated ones refused; the file of enrolled
// keys.
#include "auth/ssh_signature/enrolled_keys.h"
#include "tests/catch.h"
#include "tests/unit/auth/ssh_signature/key_ring.h"
#include "tests/unit/auth/ssh_signature/signer.h"

using namespace sallyport;

namespace {

const std::vector<KeyKind> kKinds{KeyKind::ed25519,    KeyKind::ecdsa_p256, KeyKind::ecdsa_p384,
                                  KeyKind::ecdsa_p521, KeyKind::sk_ed25519, KeyKind::sk_ecdsa_p256,
                                  KeyKind::rsa};

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string ed25519_blob(const std::string& hex_point) {
  return packed("ssh-ed25519") + packed(from_hex(hex_point).value());
}

std::string rsa_blob(const std::string& exponent, const std::string& modulus) {
  return packed("ssh-rsa") + packed(exponent) + packed(modulus);
}

std::string modulus(std::size_t bytes, unsigned char first = 0x7f) {
  auto number = std::string(1, static_cast<char>(first)) + std::string(bytes - 1, '\x55');
  return number;
}

}  // namespace

TEST_CASE("keys of every type are read, and fingerprinted as ssh-keygen does") {
  const KeyRing ring;
  const std::string type = GENERATE("ed25519", "rsa -b 3072", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521");
  ring.must("ssh-keygen -q -t " + type + " -N '' -C 'kim at home' -f id");
  const auto keys = parse_public_keys(ring.read("id.pub"), KeyRole::key);
  REQUIRE(keys);
  REQUIRE(keys->size() == 1);
  CHECK(keys->front().comment == "kim at home");
  CHECK(ring.must("ssh-keygen -lf id.pub").find(keys->front().key.fingerprint() + " ") != std::string::npos);
}

TEST_CASE("security keys are read, and fingerprinted as ssh-keygen does") {
  const KeyRing ring;
  const auto signer = Signer::make(GENERATE(KeyKind::sk_ed25519, KeyKind::sk_ecdsa_p256));
  ring.write("id.pub", signer.line() + "\n");
  const auto keys = parse_public_keys(signer.line(), KeyRole::key).value();
  CHECK(ring.must("ssh-keygen -lf id.pub").find(keys.front().key.fingerprint() + " ") != std::string::npos);
  CHECK(keys.front().key.application == "ssh:");
  CHECK(keys.front().key.is_security_key());
}

TEST_CASE("a key cut short, with bytes too many or with any length changed is refused") {
  for (const auto kind : kKinds) {
    const auto blob = Signer::make(kind).blob();
    INFO(blob.substr(4, 20));
    REQUIRE(PublicKey::parse(blob));
    for (std::size_t size = 0; size < blob.size(); ++size)
      CHECK_FALSE(PublicKey::parse(blob.substr(0, size)));
    CHECK_FALSE(PublicKey::parse(blob + std::string(1, '\0')));
    for (std::size_t i = 0; i < blob.size(); ++i) {
      auto changed = blob;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      const auto parsed = PublicKey::parse(changed);
      CHECK((!parsed || parsed->blob == changed));  // another key, or none
    }
  }
}

TEST_CASE("a security key for another application than ssh is refused") {
  const auto* const application = GENERATE("", "ssh", "https://bank.example", "SSH:", "xssh:");
  CHECK_FALSE(PublicKey::parse(Signer::make(KeyKind::sk_ed25519, application).blob()));
  CHECK(PublicKey::parse(Signer::make(KeyKind::sk_ed25519, "ssh:gate").blob()));
}

TEST_CASE("an Ed25519 key of small order is refused: anybody could sign with it") {
  const std::string point = GENERATE("0000000000000000000000000000000000000000000000000000000000000000",
                                     "0000000000000000000000000000000000000000000000000000000000000080",
                                     "0100000000000000000000000000000000000000000000000000000000000000",
                                     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                                     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                     "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                     "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                                     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  CHECK_FALSE(PublicKey::parse(ed25519_blob(point)));
}

TEST_CASE("RSA keys: 3072 to 16384 bits, numbers in their one form") {
  const std::string e = "\x01" + std::string(1, '\0') + "\x01";
  CHECK(PublicKey::parse(rsa_blob(e, std::string(1, '\0') + modulus(384, 0x80))));
  CHECK(PublicKey::parse(rsa_blob(e, modulus(385, 0x01))));
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, modulus(384))));  // 3071 bits
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, modulus(256))));
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, modulus(384, 0x80))));                         // negative
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, std::string(2, '\0') + modulus(384, 0x80))));  // 00 00 80
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, std::string(1, '\0') + modulus(385))));        // 00 7f
  CHECK(PublicKey::parse(rsa_blob(e, std::string(1, '\0') + modulus(2048, 0x80))));       // 16384 bits
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, modulus(2049, 0x01))));                        // 16385
  CHECK_FALSE(PublicKey::parse(rsa_blob(e, std::string(1, '\0') + modulus(383, 0x80) + "\x02")));  // even
  CHECK_FALSE(PublicKey::parse(rsa_blob("\x01", std::string(1, '\0') + modulus(384, 0x80))));      // e = 1
  CHECK_FALSE(PublicKey::parse(rsa_blob("\x02", std::string(1, '\0') + modulus(384, 0x80))));      // e = 2
  CHECK_FALSE(PublicKey::parse(rsa_blob("", std::string(1, '\0') + modulus(384, 0x80))));          // e = 0
  CHECK_FALSE(PublicKey::parse(rsa_blob(std::string(9, '\x55'), std::string(1, '\0') + modulus(384, 0x80))));
}

TEST_CASE("what ssh-keygen makes too short is refused: RSA 1024 and 2048") {
  const KeyRing ring;
  const std::string bits = GENERATE("1024", "2048");
  ring.must("ssh-keygen -q -t rsa -b " + bits + " -N '' -f id");
  const auto keys = parse_public_keys(ring.read("id.pub"), KeyRole::key);
  REQUIRE_FALSE(keys);
  CHECK(keys.error().message().find(bits + " bits") != std::string::npos);
}

TEST_CASE("an ECDSA key of another curve, compressed or of another size is refused") {
  const auto good = Signer::make(KeyKind::ecdsa_p256).public_key().point;
  const auto blob = [](const std::string& curve, const std::string& point) {
    return packed("ecdsa-sha2-nistp256") + packed(curve) + packed(point);
  };
  CHECK(PublicKey::parse(blob("nistp256", good)));
  CHECK_FALSE(PublicKey::parse(blob("nistp384", good)));
  CHECK_FALSE(PublicKey::parse(blob("nistp256", "\x02" + good.substr(1, 32))));
  CHECK_FALSE(PublicKey::parse(blob("nistp256", good + "x")));
  CHECK_FALSE(PublicKey::parse(blob("nistp256", "\x06" + good.substr(1))));  // hybrid form
}

TEST_CASE("what is no public key is refused with what to do") {
  const KeyRing ring;
  ring.must(
      "ssh-keygen -q -t ed25519 -N '' -f id; ssh-keygen -q -t ed25519 -N '' -f ca;"
      "ssh-keygen -q -s ca -I x -n kim id.pub");
  const auto why = [](const std::string& text) {
    const auto keys = parse_public_keys(text, KeyRole::key);
    return keys ? std::string{} : keys.error().message();
  };
  const auto line = without_newline(ring.read("id.pub"));
  CHECK(why(line).empty());
  CHECK(why("# my key\n\n" + line + "\r\n").empty());
  CHECK(why(ring.read("id")).find(".pub") != std::string::npos);
  CHECK(why(ring.read("id-cert.pub")).find("--authority") != std::string::npos);
  CHECK(why("").find("no key") != std::string::npos);
  CHECK(why("restrict " + line).find("'restrict'") != std::string::npos);
  CHECK(why("ssh-dss AAAAB3NzaC1kc3M=").find("'ssh-dss'") != std::string::npos);
  CHECK(why(line + "\n" + line).find("twice") != std::string::npos);
  CHECK_FALSE(why("ssh-rsa" + line.substr(line.find(' '))).empty());
  CHECK_FALSE(why(line.substr(0, 40)).empty());
  CHECK_FALSE(why("ssh-ed25519").empty());
}

TEST_CASE("the file of enrolled keys is written and read alike") {
  EnrolledKeys keys;
  for (const auto kind : kKinds)
    keys.entries.push_back({kind == KeyKind::ecdsa_p384 ? KeyRole::authority : KeyRole::key,
                            Signer::make(kind).public_key(),
                            kind == KeyKind::ed25519 ? "" : "kim's, number 1"});
  const auto again = EnrolledKeys::parse(keys.text());
  REQUIRE(again);
  REQUIRE(again->entries.size() == keys.entries.size());
  for (std::size_t i = 0; i < keys.entries.size(); ++i) {
    CHECK(again->entries[i].role == keys.entries[i].role);
    CHECK(again->entries[i].key == keys.entries[i].key);
    CHECK(again->entries[i].comment == keys.entries[i].comment);
  }
  CHECK(again->text() == keys.text());
}

TEST_CASE("one line that cannot be used refuses the file of enrolled keys") {
  const auto line = Signer::make(KeyKind::ed25519).line();
  CHECK(EnrolledKeys::parse("key " + line));
  CHECK(EnrolledKeys::parse("key " + line + "\nauthority " + line)->entries.size() == 2);
  CHECK_FALSE(EnrolledKeys::parse("key " + line + "\nkey " + line));
  CHECK_FALSE(EnrolledKeys::parse("key " + line + "\nkeys " + Signer::make(KeyKind::ed25519).line()));
  CHECK_FALSE(EnrolledKeys::parse(line));
  CHECK_FALSE(EnrolledKeys::parse("key " + line + "\nkey ssh-ed25519 AAAA"));
  std::string many;
  for (std::size_t i = 0; i <= kMostEnrolledKeys; ++i)
    many += "key " + Signer::make(KeyKind::ed25519).line() + "\n";
  CHECK_FALSE(EnrolledKeys::parse(many));
}

TEST_CASE("a comment is the same however often it is written and read again") {
  const auto line = Signer::make(KeyKind::ed25519).line("DOM\\kim \\\\ \x1b[2J");
  EnrolledKeys file;
  file.entries = parse_public_keys(line, KeyRole::key).value();
  CHECK(file.entries.front().comment == "DOM\\kim \\\\ \\x1b[2J");
  for (int i = 0; i < 3; ++i) {
    const auto again = EnrolledKeys::parse(file.text()).value();
    CHECK(again.entries.front().comment == file.entries.front().comment);
    file.entries = again.entries;
  }
}

TEST_CASE("a comment cannot carry what moves a cursor, nor another line") {
  const auto line = Signer::make(KeyKind::ed25519).line("\x1b[2Jk\xc3\xa4the " + std::string(200, 'x'));
  const auto keys = parse_public_keys(line, KeyRole::key).value();
  CHECK(keys.front().comment.find('\x1b') == std::string::npos);
  CHECK(keys.front().comment.size() <= 128);
  EnrolledKeys file;
  file.entries = keys;
  CHECK(EnrolledKeys::parse(file.text()));
}
