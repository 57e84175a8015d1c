// What an admin hands in of a WebAuthn key, and the line that is kept of it.
#include "auth/webauthn/credential_file.h"

#include "tests/catch.h"
#include "tests/unit/auth/webauthn/authenticator.h"

using namespace sallyport;

namespace {

std::string file_of(const Signer& signer, const std::string& id = std::string(48, 'i')) {
  return to_base64(id) + "\n" + signer.pem();
}
std::string why(const std::string& text) {
  const auto read = read_credential_file(text);
  return read ? "read" : read.error().message();
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what fido2-cred -V prints is read, of each kind of key") {
  const auto signer = Signer::make(GENERATE(KeyKind::ecdsa_p256, KeyKind::ed25519, KeyKind::rsa));
  const auto entry = read_credential_file(file_of(signer));
  REQUIRE(entry);
  CHECK(entry->role == KeyRole::webauthn);
  CHECK(entry->key == signer.public_key());
  CHECK(entry->credential == std::string(48, 'i'));
  CHECK(read_credential_file(file_of(signer) + "").value().public_line() ==
        signer.type() + " " + to_base64(signer.blob()) + " " + to_base64url(std::string(48, 'i')));
}

TEST_CASE("line ends of any kind do; anything else around it does not") {
  const auto signer = Signer::make(KeyKind::ecdsa_p256);
  auto text = file_of(signer);
  CHECK(why(text.substr(0, text.size() - 1)) == "read");
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? std::string{"\r\n"} : std::string(1, c);
  CHECK(why(crlf) == "read");
  CHECK(has(why(text + text), "follows"));
  CHECK(has(why(text + "x"), "follows"));
  CHECK(has(why("x" + text), "id"));
  CHECK(has(why("\n" + text), "second line"));
  CHECK(has(why(text.substr(text.find('\n') + 1)), "id"));
  CHECK(has(why(text.substr(0, text.find("-----END"))), "not closed"));
  CHECK(has(why(std::string(20'000, 'A')), "longer"));
}

TEST_CASE("what must not or cannot be enrolled says why") {
  const auto p384 = Signer::make(KeyKind::ecdsa_p384);
  CHECK(has(why(file_of(p384)), "another kind"));
  CHECK(has(why(file_of(Signer::make(KeyKind::rsa, "", 2048))), "2048 bits"));
  CHECK(has(why("AAAA\n-----BEGIN PRIVATE KEY-----\n"), "private key"));
  CHECK(has(why("AAAA\nAAAA\n"), "no public key"));
  CHECK(has(why(file_of(Signer::make(KeyKind::ed25519), std::string(15, 'i'))), "15 bytes"));
  CHECK(has(why(file_of(Signer::make(KeyKind::ed25519), std::string(1024, 'i'))), "1024 bytes"));
  CHECK(why(file_of(Signer::make(KeyKind::ed25519), std::string(1023, 'i'))) == "read");
}

TEST_CASE("the kept line reads back, and nothing that is not quite it") {
  const Authenticator key;
  const auto keys = key.enrolled();
  REQUIRE(keys.entries.size() == 1);
  CHECK(keys.entries[0].comment == "token");
  CHECK(has(keys.text(), key.line()));
  CHECK(keys.find_credential(key.id) == &keys.entries[0]);
  CHECK(keys.find_credential("") == nullptr);
  const auto line = key.line();
  const auto without_id = line.substr(0, line.rfind(to_base64url(key.id)));
  CHECK_FALSE(EnrolledKeys::parse(without_id));
  CHECK_FALSE(EnrolledKeys::parse(without_id + "AAAA"));
  CHECK_FALSE(EnrolledKeys::parse(without_id + to_base64(std::string(47, 'i'))));
  CHECK_FALSE(
      EnrolledKeys::parse("webauthn " + Signer::make(KeyKind::ecdsa_p384).line(to_base64url(key.id))));
  CHECK_FALSE(
      EnrolledKeys::parse("webauthn " + Signer::make(KeyKind::sk_ed25519).line(to_base64url(key.id))));
}

TEST_CASE("a key or an id is enrolled once, and not more than a page holds") {
  const Authenticator one, two{Signer::make(KeyKind::ed25519), one.id};
  CHECK_FALSE(EnrolledKeys::parse(one.line() + "\n" + one.line()));
  CHECK_FALSE(EnrolledKeys::parse(one.line() + "\n" + two.line()));
  auto keys = one.enrolled();
  for (std::size_t i = 1; i < kMostCredentials; ++i)
    CHECK(keys.add({KeyRole::webauthn, Signer::make(KeyKind::ed25519).public_key(), "",
                    std::string(16, static_cast<char>(i))}));
  CHECK_FALSE(
      keys.add({KeyRole::webauthn, Signer::make(KeyKind::ed25519).public_key(), "", std::string(16, 'z')}));
  CHECK(keys.add({KeyRole::key, Signer::make(KeyKind::ed25519).public_key(), "", ""}));
}
