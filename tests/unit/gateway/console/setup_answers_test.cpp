// What `sallyport setup` is told: by a file, by flags, by nobody; and what it makes of it.
#include "gateway/console/setup_answers.h"

#include "gateway/console/host_addresses.h"
#include "gateway/console/setup_gate.h"
#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;

namespace {

const std::string kWhole =
    "policy = \"hmc-web\"\n[gate]\nname = \"gate.example\"\naddresses = [\"192.0.2.1\", \"eth1\"]\n"
    "ssh_port = 2222\nhttps_port = 443\n[target]\nname = \"hmc1\"\naddresses = [\"198.51.100.10\"]\nport = 22\n"
    "user = \"hscroot\"\nlogin = \"password\"\nsecret_file = \"/root/hmc\"\nexpect = [\"SHA256:abc\"]\n"
    "https_port = 8443\n[rep]\nname = \"kim\"\nfull_name = \"Kim Example\"\ncontact = \"+1 555 0100\"\n"
    "account = \"kex\"\nkey = \"/root/kim.pub\"\n";

tl::expected<Answers, Problems> read(const ConfigFolder& folder, const std::string& text) {
  folder.put("answers.toml", text);
  return Answers::read(folder.path() / "answers.toml");
}

std::string complaint(const std::string& text) {
  const ConfigFolder folder;
  const auto answers = read(folder, text);
  REQUIRE_FALSE(answers);
  REQUIRE(answers.error().size() == 1);
  return answers.error().front().message().substr(folder.path().string().size() + 1);
}

Answers gate_answers() {
  Answers answers;
  REQUIRE(answers.set(Topic::gate_name, "gate.example"));
  REQUIRE(answers.set(Topic::gate_ssh_port, "22"));
  return answers;
}

Address at(const char* text) { return *Address::parse(text); }

}  // namespace

TEST_CASE("every question can be answered in a file") {
  const ConfigFolder folder;
  const auto answers = read(folder, kWhole);
  REQUIRE(answers);
  for (const auto& question : questions()) {
    INFO(question.flag);
    CHECK(answers->has(question.topic));
  }
  CHECK(answers->list(Topic::gate_addresses) == std::vector<std::string>{"192.0.2.1", "eth1"});
  CHECK(answers->port(Topic::target_https_port) == 8443);
  CHECK(answers->text(Topic::rep_account) == "kex");
}

TEST_CASE("a bad answer in a file is refused with its line and what was expected") {
  CHECK(complaint("[gate]\nname = \"two words\"\n") ==
        "answers.toml:2: 'name': \"two words\" cannot be used (expected a host name, e.g. gate.example.com)");
  CHECK(complaint("[target]\naddresses = [\n\"198.51.100.10\",\n\"198.51.100.300\"]\n") ==
        "answers.toml:4: 'addresses': \"198.51.100.300\" cannot be used (expected an IP address, e.g. "
        "198.51.100.10)");
  CHECK(complaint("[target]\nlogin = \"magic\"\n").find("expected prompt, key or password") != std::string::npos);
  CHECK(complaint("[target]\nexpect = [\"MD5:00\"]\n").find("answers.toml:2:") == 0);
  CHECK(complaint("[gate]\nssh_port = 70000\n").find("65535") != std::string::npos);
  CHECK(complaint("[rep]\nname = \"Kim\"\n").find("a-z") != std::string::npos);
}

TEST_CASE("a key that no question has is refused: a misspelt answer would be none") {
  CHECK(complaint("[gate]\nadresses = [\"192.0.2.1\"]\n").find("adresses") != std::string::npos);
  CHECK(complaint("[other]\nname = \"x\"\n").find("other") != std::string::npos);
}

TEST_CASE("a file of answers that others could have written is refused") {
  const ConfigFolder folder;
  REQUIRE(read(folder, kWhole));
  std::filesystem::permissions(folder.path() / "answers.toml", std::filesystem::perms{0666});
  CHECK_FALSE(Answers::read(folder.path() / "answers.toml"));
}

TEST_CASE("flags count more than the file, and are checked the same way") {
  const ConfigFolder folder;
  auto answers = *read(folder, kWhole);
  Answers flags;
  CHECK_FALSE(flags.set(Topic::target_addresses, "198.51.100.10, nowhere"));
  REQUIRE(flags.set(Topic::target_addresses, "198.51.100.20, 198.51.100.21"));
  answers.override_with(flags);
  CHECK(answers.list(Topic::target_addresses) == std::vector<std::string>{"198.51.100.20", "198.51.100.21"});
  CHECK(answers.text(Topic::target_name) == "hmc1");
}

TEST_CASE("where nobody is asked, what is usual is taken, and what is missing named") {
  Answers answers;
  REQUIRE(complete(answers, {{Topic::target_user}, {Topic::rep_contact, Need::optional}}, Respondent::nobody));
  CHECK(answers.text(Topic::target_user) == "hscroot");
  CHECK_FALSE(answers.has(Topic::rep_contact));
  const auto missing = complete(answers, {{Topic::target_addresses}}, Respondent::nobody);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message().find("--target-address, or 'addresses' in [target]") != std::string::npos);
}

TEST_CASE("an interface stands for its addresses, each of which is taken once") {
  const std::vector<HostAddress> host{
      {"lo", at("127.0.0.1")}, {"eth0", at("192.0.2.1")}, {"eth0", at("2001:db8::1")}, {"eth1", at("198.51.100.1")}};
  CHECK(service_addresses({"eth0", "192.0.2.1"}, host).value() ==
        std::vector<Address>{at("192.0.2.1"), at("2001:db8::1")});
  const auto unknown = service_addresses({"192.0.2.9"}, host);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message().find("it has lo 127.0.0.1, eth0 192.0.2.1") != std::string::npos);
  CHECK_FALSE(service_addresses({"eth9"}, host));
}

TEST_CASE("the settings that are written are read back by what checks them") {
  const ConfigFolder folder;
  auto answers = gate_answers();
  const auto plain = load_catalogue_with(folder.path(), settings_text(answers, {at("192.0.2.1")}));
  REQUIRE(plain);
  CHECK(plain->settings.gate_name == "gate.example");
  CHECK_FALSE(plain->settings.https);
  REQUIRE(answers.set(Topic::gate_https_port, "8443"));
  const auto both = load_catalogue_with(folder.path(), settings_text(answers, {at("192.0.2.1"), at("2001:db8::1")}));
  REQUIRE(both);
  CHECK(both->settings.addresses == std::vector{at("192.0.2.1"), at("2001:db8::1")});
  CHECK(both->settings.https->port == Port{8443});
}

TEST_CASE("I8: settings are looked at together with what is there before they are written") {
  const ConfigFolder folder;
  const auto own = load_catalogue_with(folder.path(), settings_text(gate_answers(), {at("198.51.100.10")}));
  REQUIRE_FALSE(own);  // the folder's target has that address
  CHECK(own.error().front().message().find("is the gate's own") != std::string::npos);
}
