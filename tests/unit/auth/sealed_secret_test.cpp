// Secrets at rest: what is sealed opens with the same key for the same name, and with nothing else (I9).
#include "auth/sealed_secret.h"

#include <sys/stat.h>

#include <fstream>

#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;

namespace {

const std::string kText = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n";
const SealingKey kKey{Secret{std::string(32, 'k')}};

std::string sealed(const std::string& text = kText) {
  SystemRandom random;
  return kKey.seal(Secret{text}, "reps/kim", random);
}

}  // namespace

TEST_CASE("I9: what is sealed shows nothing of the secret, never looks the same twice, and opens again") {
  const auto first = sealed(), second = sealed();
  CHECK(is_sealed(first));
  CHECK(first != second);
  CHECK(first.find("GEZD") == std::string::npos);
  for (const auto& each : {first, second}) CHECK(kKey.open(each, "reps/kim")->equals(kText));
  CHECK(kKey.open(sealed(""), "reps/kim")->empty());
}

TEST_CASE("I9: a sealed secret opens for no other name and with no other key") {
  CHECK_FALSE(kKey.open(sealed(), "reps/ann"));
  CHECK_FALSE(kKey.open(sealed(), "targets/kim"));
  CHECK_FALSE(SealingKey{Secret{std::string(32, 'l')}}.open(sealed(), "reps/kim"));
  CHECK_FALSE(SealingKey{Secret{std::string(33, 'k')}}.open(sealed(), "reps/kim"));
}

TEST_CASE("I9: a sealed secret says which key it needs, and nothing of the key") {
  const auto line = sealed();
  CHECK(sealing_key_id(line) == kKey.id());
  CHECK(line.starts_with("sealed-v1 " + kKey.id() + " "));
  CHECK(kKey.id().size() == 16);
  const SealingKey other{Secret{std::string(32, 'l')}};
  CHECK(other.id() != kKey.id());
  const auto refused = other.open(line, "reps/kim").error().message();
  CHECK(refused.find("sealed with another key (" + kKey.id() + ", and this one is " + other.id() + ")") !=
        std::string::npos);
  for (const std::string none :
       {"", "sealed-v1 ", "sealed-v1 0123456789abcdef", "sealed-v1 0123456789abcdeF AAAA",
        "sealed-v1 0123456789abcde AAAA", "sealed-v1 0123456789abcdef0 AAAA"}) {
    CHECK(sealing_key_id(none).empty());
    CHECK_FALSE(kKey.open(none + "\n", "reps/kim"));
  }
}

TEST_CASE("I9: a sealed secret of which any letter was changed, added or left out is refused") {
  const auto whole = sealed();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole, shorter = whole;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    shorter.erase(at, 1);
    CHECK_FALSE(kKey.open(changed, "reps/kim"));
    CHECK_FALSE(kKey.open(shorter, "reps/kim"));
    CHECK_FALSE(kKey.open(whole.substr(0, at), "reps/kim"));
  }
  CHECK_FALSE(kKey.open(whole + "\n", "reps/kim"));
  CHECK_FALSE(kKey.open(kText, "reps/kim"));
}

TEST_CASE("I9: a secret's file is read as it is, or opened with the credential, or refused with the reason") {
  ConfigFolder folder;
  SystemRandom random;
  folder.put("secrets/reps/kim", kText, 0600);
  folder.put("credential", std::string(32, 'k'), 0400);
  const auto file = folder.path() / "secrets/reps/kim", credential = folder.path() / "credential";
  CHECK(read_stored_secret(file, 100, {})->equals(kText));
  CHECK(read_stored_secret(file, 100, credential)->equals(kText));
  CHECK_FALSE(read_stored_secret(file, 10, {}));

  folder.put("secrets/reps/kim", kKey.seal(Secret{kText}, sealed_name(file), random), 0600);
  CHECK(read_stored_secret(file, kText.size(), credential)->equals(kText));
  CHECK(
      read_stored_secret(file, 100, {}).error().message().find("without the credential sallyport-secrets") !=
      std::string::npos);
  folder.put("credential", std::string(31, 'k'), 0400);
  CHECK(read_stored_secret(file, 100, credential).error().message().find("less than 32 bytes") !=
        std::string::npos);
  folder.put("credential", std::string(32, 'k'), 0444);
  CHECK_FALSE(read_stored_secret(file, 100, credential));
}
