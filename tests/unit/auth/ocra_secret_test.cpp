// The file that holds a rep's key and PIN.
#include "auth/ocra_secret.h"

#include "auth/ocra.h"
#include "base/encoding.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const std::string kKey = "12345678901234567890";
const std::string kKeyLine = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n";
const std::string kSha1Of1234 = "7110eda4d09e062aa5e4a390b0a572ac0d2c0220";

Result<OcraSecret> parsed(const std::string& text) { return OcraSecret::parse(Secret{text}); }

}  // namespace

TEST_CASE("a file of one line, as earlier versions wrote it, is a key without a PIN") {
  for (const auto& text : {kKeyLine, kKeyLine.substr(0, 32), kKeyLine.substr(0, 32) + "\r\n"}) {
    const auto secret = parsed(text);
    REQUIRE(secret);
    CHECK(secret->key.equals(kKey));
    CHECK_FALSE(secret->pin);
  }
}

TEST_CASE("a PIN's hash stands in the second line, and what is written is read again") {
  const auto kind = GENERATE(OcraHash::sha1, OcraHash::sha256, OcraHash::sha512);
  OcraSecret secret{Secret{kKey}, OcraSecret::Pin{kind, hash_pin(kind, Secret{"1234"}).value()}};
  const auto again = OcraSecret::parse(secret.text());
  REQUIRE(again);
  CHECK(again->key.equals(kKey));
  REQUIRE(again->pin);
  CHECK(again->pin->kind == kind);
  CHECK(again->pin->hash.equals(secret.pin->hash.reveal()));
}

TEST_CASE("the PIN's hash is the suite's, without salt, as RFC 6287 wants it") {
  const auto secret = parsed(kKeyLine + "pin-sha1 " + kSha1Of1234 + "\n");
  REQUIRE(secret);
  CHECK(secret->pin->hash.equals(hash_pin(OcraHash::sha1, Secret{"1234"})->reveal()));
  const auto text =
      OcraSecret{Secret{kKey}, OcraSecret::Pin{OcraHash::sha1, secret->pin->hash.clone()}}.text();
  CHECK(text.equals(kKeyLine + "pin-sha1 " + kSha1Of1234 + "\n"));
  CHECK_FALSE(hash_pin(OcraHash::sha1, Secret{}));
}

TEST_CASE("a file of another form is refused, and the refusal does not tell what it holds") {
  const auto text = GENERATE_COPY(
      as<std::string>{}, "", "\n", "GEZDGNBVGY3TQOJQ\n", "not Base32!!!!!!!!!!!!!!!!!!!!!!!!!!!!\n",
      kKeyLine + "\n", kKeyLine + "pin-sha1\n", kKeyLine + "pin-sha1 \n", kKeyLine + "pin-sha1 abcd\n",
      kKeyLine + "pin-sha256 " + kSha1Of1234 + "\n", kKeyLine + "pin-md5 " + kSha1Of1234 + "\n",
      kKeyLine + "PIN-SHA1 " + kSha1Of1234 + "\n", kKeyLine + "1234\n",
      kKeyLine + " pin-sha1 " + kSha1Of1234 + "\n", kKeyLine + "pin-sha1 " + kSha1Of1234 + " \n",
      kKeyLine + "pin-sha1 " + kSha1Of1234 + "\nmore\n", kKeyLine + "pin-sha1 " + kSha1Of1234 + "\n\n");
  const auto refused = parsed(text);
  INFO(text);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find(kSha1Of1234) == std::string::npos);
  CHECK(refused.error().message().find("GEZDGNBV") == std::string::npos);
}

TEST_CASE("a PIN is 4 to 32 visible characters") {
  for (const auto* pin : {"1234", "correct-horse", "!\"#$", "~~~~"}) CHECK(check_pin(Secret{pin}));
  CHECK(check_pin(Secret{std::string(32, '7')}));
  for (const auto* pin : {"", "123", "12 34", "1234\n", "1234\x7f", "12\xc3\xa4!"})
    CHECK_FALSE(check_pin(Secret{pin}));
  CHECK_FALSE(check_pin(Secret{std::string(33, '7')}));
}
