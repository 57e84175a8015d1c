// Whether an assertion counts: a right one of each kind of key, and everything that is nearly right.
#include "auth/webauthn/assertion.h"

#include "tests/catch.h"
#include "tests/unit/auth/webauthn/authenticator.h"

using namespace sallyport;

namespace {

const Authenticator& key_of(KeyKind kind) {
  static const std::vector<Authenticator> keys = [] {
    std::vector<Authenticator> made;
    for (const auto one : {KeyKind::ecdsa_p256, KeyKind::ed25519, KeyKind::rsa})
      made.push_back({Signer::make(one), std::string(32, static_cast<char>('a' + made.size()))});
    return made;
  }();
  return keys[kind == KeyKind::ecdsa_p256 ? 0 : kind == KeyKind::ed25519 ? 1 : 2];
}
const Authenticator& key() { return key_of(KeyKind::ecdsa_p256); }

std::string why(const Result<SignedBy>& result) { return result ? "accepted" : result.error().message(); }
std::string told(const Saying& saying) {
  return why(match_assertion(key().enrolled(), web_claim(key().answer(saying))));
}
std::string told_of(const std::string& response) {
  return why(match_assertion(key().enrolled(), web_claim(response)));
}
template <class Change>
std::string with(const Change& change) {
  Saying saying;
  change(saying);
  return told(saying);
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the enrolled key's assertion counts, of each kind of key") {
  const auto& signer = key_of(GENERATE(KeyKind::ecdsa_p256, KeyKind::ed25519, KeyKind::rsa));
  const auto response = signer.answer();
  const auto signed_by = match_assertion(signer.enrolled(), web_claim(response));
  INFO(why(signed_by));
  REQUIRE(signed_by);
  CHECK(signed_by->fingerprint == signer.signer.public_key().fingerprint());
  CHECK(signed_by->type == signer.signer.type());
  CHECK(signed_by->counter == 7U);
}

TEST_CASE("each thing that the browser says must be right, though the key has signed it") {
  CHECK(with([](Saying&) {}) == "accepted");
  CHECK(has(with([](Saying& s) { s.origin = "https://evil.example"; }), "origin"));
  CHECK(has(with([](Saying& s) { s.origin = "http://gate.example.com"; }), "origin"));
  CHECK(has(with([](Saying& s) { s.origin = "https://gate.example.com:8443"; }), "origin"));
  CHECK(has(with([](Saying& s) { s.origin = "https://gate.example.com/"; }), "origin"));
  CHECK(has(with([](Saying& s) { s.challenge = "another text"; }), "challenge"));
  CHECK(has(with([](Saying& s) { s.type = "webauthn.create"; }), "type"));
  CHECK(has(with([](Saying& s) { s.more = R"(,"crossOrigin":true)"; }), "frame"));
  CHECK(has(with([](Saying& s) { s.more = R"(,"crossOrigin":"false")"; }), "frame"));
  CHECK(has(with([](Saying& s) { s.more = R"(,"topOrigin":"https://evil.example")"; }), "outer page"));
  CHECK(with([](Saying& s) { s.more = ""; }) == "accepted");
  CHECK(with([](Saying& s) { s.more = R"(,"crossOrigin":false,"other_keys":[1,{"a":null}])"; }) ==
        "accepted");
}

TEST_CASE("no connection of the gate's has Token Binding") {
  CHECK(with([](Saying& s) { s.more = R"(,"tokenBinding":{"status":"supported"})"; }) == "accepted");
  for (const auto* const binding : {R"({"status":"present","id":"AAAA"})", "{}", "null", R"("supported")"})
    CHECK(has(with([&](Saying& s) { s.more = std::string{R"(,"tokenBinding":)"} + binding; }), "oken"));
}

TEST_CASE("no member stands there twice, however it is spelt") {
  CHECK(has(with([](Saying& s) { s.more = R"(,"type":"webauthn.get")"; }), "twice"));
  CHECK(has(with([](Saying& s) { s.more = R"(,"\u006frigin":"https://gate.example.com")"; }), "twice"));
  CHECK(has(with([](Saying& s) { s.more = R"(,"x":1,"x":2)"; }), "twice"));
  CHECK(has(with([](Saying& s) { s.more = R"(,"x":{"y":1,"y":2})"; }), "twice"));
}

TEST_CASE("each thing that the key says must be right") {
  CHECK(has(with([](Saying& s) { s.relying_party = "evil.example"; }), "another site"));
  CHECK(has(with([](Saying& s) { s.relying_party = "example.com"; }), "another site"));
  CHECK(has(with([](Saying& s) { s.flags = 0x00; }), "touched"));
  CHECK(has(with([](Saying& s) { s.flags = 0x04; }), "touched"));
  CHECK(with([](Saying& s) { s.flags = 0x01; }) == "accepted");
  CHECK(with([](Saying& s) { s.flags = 0x1d; }) == "accepted");  // Level 3: backup eligible, backed up
  CHECK(has(with([](Saying& s) { s.flags = 0x45; }), "not asked for"));
  CHECK(has(with([](Saying& s) { s.flags = 0x85; }), "not asked for"));
  CHECK(has(with([](Saying& s) { s.flags = 0x85, s.tail = "\xa0"; }), "not asked for"));
  CHECK(has(with([](Saying& s) { s.tail = "\xa0"; }), "too many"));
}

TEST_CASE("where the policy wants user verification, a touch alone does not do") {
  const auto verified = [](std::uint8_t flags) {
    Saying saying;
    saying.flags = flags;
    const auto response = key().answer(saying);
    auto claim = web_claim(response);
    claim.user_verification = true;
    return why(match_assertion(key().enrolled(), claim));
  };
  CHECK(verified(0x05) == "accepted");
  CHECK(has(verified(0x01), "verify its user"));
}

TEST_CASE("the counter is told as it is, for who remembers it") {
  for (const std::uint32_t counter : {0U, 1U, 0xffffffffU}) {
    Saying saying;
    saying.counter = counter;
    const auto response = key().answer(saying);
    CHECK(match_assertion(key().enrolled(), web_claim(response)).value().counter == counter);
  }
}

TEST_CASE("only an enrolled credential counts, with its own key") {
  CHECK(has(with([](Saying& s) { s.credential = std::string(64, 'x'); }), "not enrolled"));
  CHECK(has(with([](Saying& s) { s.credential = key().id + "i"; }), "not enrolled"));
  const Authenticator other{Signer::make(KeyKind::ecdsa_p256), key().id};
  CHECK(has(told_of(other.answer()), "signature"));
  CHECK(has(why(match_assertion(EnrolledKeys{}, web_claim(key().answer()))), "not enrolled"));
  // One rep's two keys: each answers for its own id alone.
  const auto& second = key_of(KeyKind::ed25519);
  const auto both = EnrolledKeys::parse(key().line() + "\n" + second.line() + "\n").value();
  CHECK(match_assertion(both, web_claim(second.answer())));
  Saying swapped;
  swapped.credential = second.id;
  CHECK_FALSE(match_assertion(both, web_claim(key().answer(swapped))));
}

TEST_CASE("the same key enrolled to sign SSH challenges is no WebAuthn key") {
  const auto keys = EnrolledKeys::parse("key " + key().signer.line() + "\n").value();
  CHECK(has(why(match_assertion(keys, web_claim(key().answer()))), "not enrolled"));
}

TEST_CASE("an answer with anything else in it is refused") {
  const auto good = key().answer();
  REQUIRE(told_of(good) == "accepted");
  const Saying saying;
  const auto data = Authenticator::client_data(saying),
             authenticator = Authenticator::authenticator_data(saying);
  const auto signature = key().signer.bare(authenticator + sha256_of(data));
  const auto joined = [&](std::string_view a, std::string_view b, std::string_view c, std::string_view d) {
    return Authenticator::joined(a, b, c, d);
  };
  const std::vector<std::string> bad_ones{
      "",
      ".",
      "...",
      "12345678",
      good + ".",
      good + ".AAAA",
      "." + good,
      good + "=",
      good + "\n",
      " " + good,
      good.substr(0, good.size() - 1),
      good.substr(0, good.rfind('.')),
      good + good,
      joined("", data, authenticator, signature),
      joined(key().id, "", authenticator, signature),
      joined(key().id, data, "", signature),
      joined(key().id, data, authenticator, ""),
      joined(key().id, data, authenticator.substr(1), signature),
      joined(key().id, data, authenticator.substr(0, 36), signature),
      joined(key().id, data, authenticator, signature + std::string(1, '\0')),
      joined(key().id, data, authenticator, signature.substr(1)),
      joined(key().id, data + " ", authenticator, signature),
      joined(key().id, data, authenticator, std::string(5000, 's')),
      joined(key().id, std::string(5000, ' ') + data, authenticator, signature),
      joined(key().id, data, std::string(5000, 'a'), signature),
      joined(std::string(5000, 'i'), data, authenticator, signature),
      std::string(1'000'000, 'A'),
      std::string(1'000'000, '.')};
  for (const auto& bad : bad_ones) CHECK_FALSE(told_of(bad) == "accepted");
}

TEST_CASE("every change of one bit is refused") {
  const auto& signer = key_of(GENERATE(KeyKind::ecdsa_p256, KeyKind::ed25519));
  const auto enrolled = signer.enrolled();
  const auto good = signer.answer();
  REQUIRE(match_assertion(enrolled, web_claim(good)));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = good;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      if (match_assertion(enrolled, web_claim(changed))) FAIL("byte " << i << ", bit " << bit);
    }
}

TEST_CASE("an ECDSA signature is DER in its one form") {
  const Saying saying;
  const auto data = Authenticator::client_data(saying),
             authenticator = Authenticator::authenticator_data(saying);
  const auto der = key().signer.bare(authenticator + sha256_of(data));
  const auto told_with = [&](const std::string& signature) {
    return told_of(Authenticator::joined(key().id, data, authenticator, signature));
  };
  REQUIRE(told_with(der) == "accepted");
  auto long_form = std::string{"\x30\x81"} + der.substr(1);
  CHECK_FALSE(told_with(long_form) == "accepted");
  CHECK_FALSE(told_with(der + der) == "accepted");
}
