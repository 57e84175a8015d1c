// What the monitor writes is what the reader reads.
#include "policies/file_formats.h"
#include "policies/evaluate.h"

#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;

TEST_CASE("a written rep reads back the same") {
  const ConfigFolder folder;
  Rep rep;
  rep.name = "kim";
  rep.full_name = "Kim \"K\" \\ Example \x1b[31m\n\xc3\xa9";
  rep.contact = "+1 555 0100";
  rep.account = "kim-ext";
  rep.suite = "OCRA-1:HOTP-SHA256-8:QA10";
  folder.put("reps/kim.toml", to_toml(rep));
  REQUIRE(folder.problems() == "");
  const auto read = load_catalogue(folder.path())->reps.at("kim");
  CHECK(read.full_name == rep.full_name);
  CHECK(read.contact == rep.contact);
  CHECK(read.account == rep.account);
  CHECK(read.suite == rep.suite);
}

TEST_CASE(
    "a rep who signs is written without a suite, and has a file of keys that no other rep's name can be") {
  const ConfigFolder folder;
  Rep rep;
  rep.name = rep.account = "kim";
  rep.method = ResponseMethod::ssh_signature;
  CHECK(to_toml(rep).find("suite") == std::string::npos);
  folder.put("reps/kim.toml", to_toml(rep));
  REQUIRE(folder.problems() == "");
  const auto read = load_catalogue(folder.path())->reps.at("kim");
  CHECK(read.method == ResponseMethod::ssh_signature);
  CHECK(read.keys_file == folder.path() / "secrets/rep-keys/kim");
  SECTION("it is enrolled when the keys are there, whatever else is") {
    CHECK_FALSE(is_enrolled(read));
    folder.put("secrets/reps/kim", "GEZDGNBVGY3TQOJQGEZDGNBVGY", 0600);
    CHECK_FALSE(is_enrolled(read));
    folder.put("secrets/rep-keys/kim", "key ssh-ed25519 AAAA", 0600);
    CHECK(is_enrolled(read));
  }
  SECTION("a file of keys that others can read is refused") {
    folder.put("secrets/rep-keys/kim", "key ssh-ed25519 AAAA", 0644);
    CHECK(folder.problems().find("secrets/rep-keys/kim") != std::string::npos);
  }
}

TEST_CASE("a rep with a WebAuthn key reads back the same, with and without another method beside it") {
  const ConfigFolder folder;
  Rep rep;
  rep.name = rep.account = "kim";
  rep.suite = "OCRA-1:HOTP-SHA256-8:QA10";
  rep.method = GENERATE(ResponseMethod::ocra, ResponseMethod::ssh_signature, ResponseMethod::webauthn);
  rep.webauthn = true;
  folder.put("reps/kim.toml", to_toml(rep));
  REQUIRE(folder.problems() == "");
  const auto read = load_catalogue(folder.path())->reps.at("kim");
  CHECK(read.method == rep.method);
  CHECK(read.webauthn);
  CHECK(read.credentials_file == folder.path() / "secrets/rep-webauthn/kim");
  CHECK_FALSE(is_enrolled(read));
  folder.put("secrets/rep-webauthn/kim", "webauthn ssh-ed25519 AAAA BBBB", 0600);
  CHECK(is_enrolled(read));
  folder.put("secrets/rep-webauthn/kim", "webauthn ssh-ed25519 AAAA BBBB", 0644);
  CHECK(folder.problems().find("secrets/rep-webauthn/kim") != std::string::npos);
}

const std::string kPin = std::string(43, 'A') + "=";  // of 32 bytes of zero

TEST_CASE("a written target reads back the same") {
  const ConfigFolder folder;
  folder.put("secrets/targets/hmc1", "abc123", 0600);
  Target target;
  target.name = "hmc1";
  target.description = "Power HMC, room 7";
  target.addresses = {*Address::parse("198.51.100.10"), *Address::parse("2001:db8::10")};
  target.managed_systems = {
      {"s1022-a", "rack \"3\"", {*Address::parse("198.51.100.20")}},
      {"s1022-b", "", {*Address::parse("2001:db8::21"), *Address::parse("198.51.100.21")}}};
  target.ssh_port = Port{2200};
  target.host_keys = {kKeyLine};
  target.user = "hscroot";
  target.https = TargetHttps{Port{12443}, "hmc1.example", {"hmc1", "198.51.100.10"}, {kPin, kPin}, {}};
  target.login = TargetLogin::password;
  target.secret_file = folder.path() / "secrets/targets/hmc1";
  folder.put("targets/hmc1.toml", to_toml(target));
  REQUIRE(folder.problems() == "");
  const auto read = load_catalogue(folder.path())->targets.at("hmc1");
  CHECK(read.description == target.description);
  CHECK(read.addresses == target.addresses);
  CHECK(read.ssh_port == target.ssh_port);
  CHECK(read.host_keys == target.host_keys);
  CHECK(read.user == target.user);
  CHECK(read.login == target.login);
  CHECK(read.secret_file == target.secret_file);
  CHECK(read.kind == TargetKind::power);
  REQUIRE(read.https);
  CHECK(read.https->port == Port{12443});
  CHECK(read.https->name == "hmc1.example");
  CHECK(read.https->aliases == target.https->aliases);
  CHECK(read.https->pins == target.https->pins);
  REQUIRE(read.managed_systems.size() == 2);
  CHECK(read.managed_systems[0].name == "s1022-a");
  CHECK(read.managed_systems[0].description == "rack \"3\"");
  CHECK(read.managed_systems[1].addresses == target.managed_systems[1].addresses);
  SECTION("also one of a DS8000") {
    target.kind = TargetKind::ds8000;
    target.managed_systems.clear();
    folder.put("targets/hmc1.toml", to_toml(target));
    REQUIRE(folder.problems() == "");
    CHECK(load_catalogue(folder.path())->targets.at("hmc1").kind == TargetKind::ds8000);
  }
}
