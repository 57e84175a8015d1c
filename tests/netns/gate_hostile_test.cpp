// Hostile values in every field that could reach nftables: refused, or without effect. What an admin can say
// to the running gate is in tests/e2e/ports_test.py; here are its files, and what strangers and the disk can
// say. Runs in: tests, as root.
#include <set>
#include <sstream>

#include "firewall/base_text.h"
#include "policies/parser.h"
#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/netns/gate_process.h"
#include "tests/netns/network.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const std::vector<std::string> kHostile{
    "x\"; } flush ruleset; add rule inet sallyport_base prerouting accept #",
    "x\n}\nflush ruleset\ntable inet t {",
    "192.0.2.1 } ; flush ruleset",
    "0.0.0.0/0, ::/0",
    "192.0.2.10\n203.0.113.1",
    "443 } accept",
    "tcp . 22 timeout 1s",
    "$(nft flush ruleset)",
    "`nft flush ruleset`",
    "include \"/etc/passwd\"",
    "@target4",
    "a\\",
    "a\r\nb",
    "a\0b"s,
    "\x1b]0;x\x07",
    "\xe2\x80\xae}"};

// One file with `@` where the value goes, as a TOML string.
struct Field {
  const char* file;
  const char* text;
};

constexpr const char* kTarget =
    "user = \"hscroot\"\n[ssh]\nhost_keys = [\"KEY\"]\n[login]\nmethod = \"prompt\"\n";

// What nftables is told of, or what chooses it: a hostile value is refused.
const std::vector<Field> kMeant{
    {"sallyport.toml", "[gate]\nname = \"g\"\naddresses = [@]\n"},
    {"sallyport.toml", "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\"]\nisolated_networks = [@]\n"},
    {"sallyport.toml", "[gate]\nname = @\naddresses = [\"192.0.2.1\"]\n"},
    {"sallyport.toml", "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\"]\nssh_port = @\n"},
    {"sallyport.toml", "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\"]\n[firewall]\nmark_bit = @\n"},
    {"sallyport.toml", "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\"]\n[firewall]\ntransit = @\n"},
    {"policies/hmc.toml", "[[service]]\nname = @\ncarriage = \"forward\"\nport = 443\nexposure = \"wide\"\n"},
    {"policies/hmc.toml", "[[service]]\nname = \"s\"\ncarriage = @\nport = 443\nexposure = \"wide\"\n"},
    {"policies/hmc.toml",
     "[[service]]\nname = \"s\"\ncarriage = \"forward\"\nport = @\nexposure = \"wide\"\n"},
    {"policies/hmc.toml", "[[service]]\nname = \"s\"\ncarriage = \"forward\"\nport = 443\nexposure = @\n"},
    {"policies/hmc.toml", "[[service]]\nname = \"s\"\ncarriage = \"forward\"\nport = 443\ntransport = @\n"},
    {"policies/hmc.toml",
     "[[service]]\nname = \"s\"\ncarriage = \"forward\"\nport = 443\ntransport = [\"tcp\", @]\n"},
    {"policies/hmc.toml", "[[service]]\nname = \"s\"\ncarriage = \"forward\"\nport = 443\nreach = @\n"},
    {"policies/hmc.toml",
     "[[service]]\nname = \"s\"\ncarriage = \"forward\"\nport = 443\ntranslate_source = @\n"},
    {"policies/hmc.toml",
     "targets = [@]\n[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n"},
    {"targets/t.toml", "addresses = [@]\nTARGET"},
    {"targets/t.toml", "addresses = [\"198.51.100.10\", @]\nTARGET"},
    {"targets/t.toml", "kind = @\naddresses = [\"198.51.100.10\"]\nTARGET"},
    {"targets/t.toml",
     "addresses = [\"198.51.100.10\"]\nTARGET[[managed_system]]\nname = @\naddresses = "
     "[\"198.51.100.20\"]\n"},
    {"targets/t.toml",
     "addresses = [\"198.51.100.10\"]\nTARGET[[managed_system]]\nname = \"s\"\naddresses = [@]\n"},
};

// What only people read.
const std::vector<Field> kForPeople{
    {"sallyport.toml", "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\nbanner = @\n"},
    {"policies/hmc.toml",
     "description = @\n[[service]]\nname = \"ssh\"\ndescription = @\ncarriage = \"ssh\"\nexposure = "
     "\"wide\"\n"
     "[[service]]\nname = \"https\"\ndescription = @\ncarriage = \"forward\"\nport = 443\nexposure = "
     "\"wide\"\n"
     "translate_source = true\n"
     "[[service]]\nname = \"vterm\"\ndescription = @\ncarriage = \"forward\"\nport = 5026\nexposure = "
     "\"isolated\"\n"
     "reach = \"managed-system\"\n"},
    {"targets/t.toml",
     "description = @\naddresses = [\"198.51.100.10\"]\nTARGET[[managed_system]]\nname = \"s\"\ndescription "
     "= @\n"
     "addresses = [\"198.51.100.20\"]\n"},
    {"reps/kim.toml", "full_name = @\ncontact = @\n"},
    {"reps/kim.toml", "account = @\n"},
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string filled(const Field& field, const std::string& value) {
  const auto target = replaced(kTarget, "KEY", kKeyLine);
  return replaced(replaced(field.text, "TARGET", target), "@", to_toml_string(value));
}

std::string deny_side(const Catalogue& catalogue) {
  return base_table_text(guarded_by(catalogue), catalogue.settings.mark_bit);
}

}  // namespace

TEST_CASE("a hostile value in a file's field that nftables is told of is refused") {
  const auto& field = kMeant[static_cast<std::size_t>(GENERATE(range(0, static_cast<int>(kMeant.size()))))];
  const ConfigFolder folder;
  folder.put("policies/full.toml", "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n");
  REQUIRE(load_catalogue(folder.path()));
  for (const auto& value : kHostile) {
    folder.put(field.file, filled(field, value));
    INFO(field.file << ": " << filled(field, value));
    CHECK_FALSE(load_catalogue(folder.path()));
  }
}

TEST_CASE("a hostile name of a file is refused") {
  for (const std::string value : {"x\"; flush ruleset", "x\n}", "x}", "-j", "a b", "@target4", "$(id)"})
    for (const char* kind : {"policies/", "targets/", "reps/"}) {
      const ConfigFolder folder;
      folder.put(kind + value + ".toml", "");
      INFO(kind << value);
      CHECK(folder.problems().find("has a name that is not usable") != std::string::npos);
    }
}

TEST_CASE("a hostile text for people leaves the deny side as it is, or is refused") {
  int accepted = 0;
  for (const auto& field : kForPeople) {
    const ConfigFolder folder;
    folder.put(field.file, filled(field, "people"));
    INFO(folder.problems());
    const auto plain = load_catalogue(folder.path());
    REQUIRE(plain);
    for (const auto& value : kHostile) {
      folder.put(field.file, filled(field, value));
      const auto hostile = load_catalogue(folder.path());
      if (!hostile) continue;
      ++accepted;
      CHECK(deny_side(*hostile) == deny_side(*plain));
    }
  }
  CHECK(accepted > 20);
}

namespace {

// What nft lists, in pieces, without what runs down: the order of a set's elements is the kernel's own.
std::multiset<std::string> ruleset(const NetNamespace& host) {
  std::istringstream words{replaced(host.output_of("nft -s list ruleset"), ",", " ")};
  std::multiset<std::string> pieces;
  bool is_left = false;
  for (std::string word; words >> word; is_left = word == "expires")
    if (!is_left) pieces.insert(word);
  return pieces;
}

EnableRequest asked(const std::string& value) {
  EnableRequest request;
  request.rep = "kim";
  request.target = "t";
  request.policy = "hmc";
  request.networks = {"10.20.0.0/28"};
  request.ticket = request.reason = value;
  return request;
}

// What nft lists at each stage of a grant, in a gate whose people said `value` wherever they could.
std::vector<std::multiset<std::string>> story(const std::string& value) {
  const NetNamespace host;
  host.run("ip addr add 192.0.2.1/32 dev lo; ip addr add 2001:db8::1/128 dev lo");
  const ConfigFolder config;
  const TemporaryFolder state;
  std::filesystem::remove(config.path() / "policies/hmc-ssh.toml");
  std::filesystem::remove(config.path() / "targets/hmc1.toml");
  for (const auto& field : kForPeople)
    if (field.text != "account = @\n"s) config.put(field.file, filled(field, value));
  config.put("sallyport.toml",
             "[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\nisolated_networks = "
             "[\"10.0.0.0/8\"]\nbanner = " +
                 to_toml_string(value) + "\n");
  config.put("secrets/reps/kim", "secret\n", 0600);
  Options options;
  options.config = config.path();
  options.state = state.path();
  return host.in([&] {
    std::vector<std::multiset<std::string>> stages;
    const auto look = [&] { stages.push_back(ruleset(host)); };
    FakeClock clock;
    SystemRandom random;
    auto catalogue = load_catalogue(config.path());
    INFO(config.problems());
    REQUIRE(catalogue);
    GateProcess process{options, clock, random, *std::move(catalogue)};
    auto& gate = process.gate;
    look();
    const auto grant = must(enable(gate, asked(value), {1000, value}));
    look();
    const Endpoint rep{*Address::parse("10.20.0.7"), 50000};
    count_failed_login(gate, grant, rep, value);
    must(claim(gate, grant, rep, kNoPeer));
    const auto target = *Address::parse("198.51.100.10");
    must(process.dial(grant, {target}));
    REQUIRE(process.connect(grant, target));
    look();
    revoke(gate, grant, value, value);
    look();
    host.run("nft -c -f " + (state.path() / "firewall/closed.nft").string());
    return stages;
  });
}

}  // namespace

TEST_CASE("hostile texts in the files, in a grant and in a login change no rule at any stage") {
  const auto plain = story("people");
  REQUIRE(plain.size() == 4);
  CHECK(plain[0] != plain[1]);
  CHECK(plain[1] != plain[2]);
  CHECK(plain[2].contains("5026"));
  CHECK(plain[0] == plain[3]);
  for (const auto* value :
       {"x\"; } flush ruleset; add rule inet sallyport_base prerouting accept #", "$(nft flush ruleset)",
        "`nft flush ruleset`", "@target4", "a\\", "include \"/etc/passwd\""}) {
    INFO(value);
    CHECK(story(value) == plain);
  }
}
