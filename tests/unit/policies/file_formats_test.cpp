// What the monitor writes is what the reader reads; the shipped files are good.
#include "policies/file_formats.h"

#include <fstream>
#include <sstream>

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

TEST_CASE("a written target reads back the same") {
  const ConfigFolder folder;
  folder.put("secrets/targets/hmc1", "abc123", 0600);
  Target target;
  target.name = "hmc1";
  target.description = "Power HMC, room 7";
  target.addresses = {*Address::parse("198.51.100.10"), *Address::parse("2001:db8::10")};
  target.ssh_port = Port{2200};
  target.host_keys = {kKeyLine};
  target.user = "hscroot";
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
}

TEST_CASE("the shipped files are good") {
  const auto source = std::filesystem::path{SALLYPORT_SOURCE_DIR};
  const auto text_of = [](const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  };
  const ConfigFolder folder;
  folder.put("policies/hmc-ssh.toml", text_of(source / "policies/hmc-ssh.toml"));
  folder.put("sallyport.toml", text_of(source / "packaging/sallyport.toml"));
  CHECK(folder.problems() == "");
  const auto catalogue = load_catalogue(folder.path());
  REQUIRE(catalogue);
  REQUIRE(catalogue->policies.at("hmc-ssh").services.size() == 1);
  CHECK(catalogue->policies.at("hmc-ssh").services[0].port == Port{22});
}
