// The HTTPS door's own certificate: made once, kept, and made anew when it serves no longer. Runs in: tests.
#include "gateway/monitor/door_certificate.h"

#include <sys/stat.h>

#include <filesystem>

#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

struct Door {
  ConfigFolder folder;
  Settings settings;
  WallTime now = WallTime{1'800'000'000s};

  Door() {
    settings.gate_name = "gate.example.com";
    settings.addresses = {*Address::parse("192.0.2.1"), *Address::parse("2001:db8::1")};
    settings.https.emplace();
  }
  std::filesystem::path state() const { return folder.path() / "https"; }
  Result<DoorCertificate> load() const { return DoorCertificate::load(settings, state(), now); }
  Result<DoorCertificate> load_and_store() const {
    auto loaded = load();
    if (loaded) REQUIRE(loaded->store(state()));
    return loaded;
  }
};

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("the door's certificate is made once and kept") {
  const Door door;
  const auto first = door.load_and_store();
  REQUIRE(first);
  CHECK(first->is_new);
  CHECK(first->fingerprint.starts_with("SHA256 "));
  CHECK(first->fingerprint.size() == 7 + 32 * 3 - 1);
  CHECK(mode_of(door.state() / "key.pem") == 0600);
  const auto second = door.load();
  REQUIRE(second);
  CHECK_FALSE(second->is_new);
  CHECK(second->fingerprint == first->fingerprint);
  CHECK(second->certificates == first->certificates);
  CHECK(second->key.equals(first->key.reveal()));
}

TEST_CASE(
    "the door's certificate is made anew for another name or address and before it ends, with the same key") {
  Door door;
  const auto first = door.load_and_store();
  REQUIRE(first);
  SECTION("name") { door.settings.gate_name = "other.example.com"; }
  SECTION("a name that is an address") { door.settings.gate_name = "192.0.2.9"; }
  SECTION("a long name") {
    door.settings.gate_name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  }
  SECTION("address") { door.settings.addresses.pop_back(); }
  SECTION("a month before its end") { door.now += std::chrono::hours{24 * 368}; }
  SECTION("spoilt") { door.folder.put("https/certificate.pem", "-----BEGIN CERTIFICATE-----\n", 0644); }
  const auto second = door.load();
  REQUIRE(second);
  CHECK(second->is_new);
  CHECK(second->fingerprint != first->fingerprint);
  CHECK(second->key.equals(first->key.reveal()));
}

TEST_CASE(
    "I5: a certificate that could not be journaled is stored nowhere, and is new again at the next start") {
  const Door door;
  const auto first = door.load();
  REQUIRE(first);
  CHECK(first->is_new);
  CHECK_FALSE(std::filesystem::exists(door.state() / "certificate.pem"));
  const auto second = door.load();
  REQUIRE(second);
  CHECK(second->is_new);
}

TEST_CASE("a key that others can read, or that is none, is refused and not replaced") {
  const Door door;
  REQUIRE(door.load_and_store());
  SECTION("readable") { REQUIRE(chmod((door.state() / "key.pem").c_str(), 0640) == 0); }
  SECTION("spoilt") { door.folder.put("https/key.pem", "no key\n", 0600); }
  const auto refused = door.load();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("key.pem") != std::string::npos);
}

TEST_CASE("the site's own files are used as they are, and must belong together") {
  Door made, door;
  REQUIRE(made.load_and_store());
  door.settings.https->certificate = made.state() / "certificate.pem";
  door.settings.https->key = made.state() / "key.pem";
  const auto loaded = door.load();
  REQUIRE(loaded);
  CHECK_FALSE(loaded->is_new);
  CHECK(loaded->fingerprint == made.load()->fingerprint);
  CHECK_FALSE(std::filesystem::exists(door.state()));
  const Door other;
  REQUIRE(other.load_and_store());
  door.settings.https->key = other.state() / "key.pem";
  const auto refused = door.load();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("is not the key of the first certificate") != std::string::npos);
}
