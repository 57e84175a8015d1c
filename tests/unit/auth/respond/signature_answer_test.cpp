// When a signature is made, and when ssh-keygen is not even started: a false one in PATH tells. Runs in: unit
// tests.
#include "auth/respond/signature_answer.h"

#include <sys/stat.h>

#include <cstdlib>

#include "auth/respond/known_gates.h"
#include "auth/respond/signer.h"
#include "base/encoding.h"
#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/unit/auth/respond/sample_challenge.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

class ScriptedPerson final : public Person {
 public:
  bool is_there() const override { return there; }
  Result<Secret> ask(std::string_view prompt, Echo) override {
    asked += prompt;
    return Secret{answer};
  }
  void show(std::string_view text) override { shown += text; }

  bool there = true;
  std::string answer = "yes", asked, shown;
};

// A home with a key and a false ssh-keygen, which notes that it ran and prints a signature.
struct Home {
  Home() {
    for (const char* name : {"bin", ".ssh"}) std::filesystem::create_directory(folder.path() / name);
    put_contents(folder.path() / ".ssh/id_ed25519", "");
    const auto signature = to_base64(std::string{"SSHSIG\0\0\0\1", 10} + std::string(80, 'x'));
    put_contents(folder.path() / "bin/ssh-keygen", "#!/bin/sh\ncat > " + (folder.path() / "signed").string() +
                                                       "\necho -----BEGIN SSH SIGNATURE-----\necho " +
                                                       signature + "\necho -----END SSH SIGNATURE-----\n");
    chmod((folder.path() / "bin/ssh-keygen").c_str(), 0700);
    setenv("HOME", folder.path().c_str(), 1);
    unsetenv("XDG_CONFIG_HOME");
    setenv("PATH", (folder.path() / "bin:/usr/bin:/bin").c_str(), 1);
  }
  bool has_signed() const { return std::filesystem::exists(folder.path() / "signed"); }
  std::string known_gates() const { return contents_of(folder.path() / ".config/sallyport/known_gates"); }
  void know(const std::string& fingerprint) const {
    REQUIRE(add_known_gate(folder.path() / ".config/sallyport/known_gates", "gate.example.com", fingerprint,
                           FakeClock{}.wall()));
  }
  TemporaryFolder folder;
};

struct Site {
  Home home;
  FakeClock clock;  // 2026-03-01, as the sample
  ScriptedPerson person;
  Options options;

  Reply answer() {
    const auto text = TextToSign::read(*compose(sample_challenge()));
    auto reply = answer_signature({options, person, clock, {}}, *text);
    REQUIRE(reply);
    CHECK(std::holds_alternative<Answer>(*reply) == home.has_signed());
    return *std::move(reply);
  }
  bool refuses() { return std::holds_alternative<Refusal>(answer()); }
};

}  // namespace

TEST_CASE("what is expected, from a known gate, is signed byte for byte without a question") {
  Site site;
  site.home.know(kSampleHostKey);
  site.options.expected.target = "hmc1";
  CHECK_FALSE(site.refuses());
  CHECK(contents_of(site.home.folder.path() / "signed") == *compose(sample_challenge()));
  CHECK(site.person.asked.empty());
}

TEST_CASE("whatever is signed was shown") {
  Site site;
  site.home.know(kSampleHostKey);
  site.options.expected.grant = "g-7k3m9q2x";
  CHECK_FALSE(site.refuses());
  for (const char* part :
       {"gate.example.com", "kim", "hmc1", "https, ssh", "g-7k3m9q2x", kSampleHostKey.c_str()})
    CHECK(site.person.shown.find(part) != std::string::npos);
}

TEST_CASE("another gate, target, grant or services: refused, and nothing is signed") {
  Site site;
  site.home.know(kSampleHostKey);
  SECTION("gate") { site.options.expected = {"other", "hmc1", {}, {}}; }
  SECTION("target") { site.options.expected = {{}, "hmc2", {}, {}}; }
  SECTION("grant") { site.options.expected = {{}, {}, "g-other", {}}; }
  SECTION("services") { site.options.expected = {{}, "hmc1", {}, {{"ssh"}}}; }
  CHECK(site.refuses());
  CHECK(site.person.asked.empty());
}

TEST_CASE("past its time or from the future: refused, and nothing is signed") {
  Site site;
  site.home.know(kSampleHostKey);
  site.options.expected.target = "hmc1";
  SECTION("past") { site.clock.advance(120s + 5min + 1s); }
  SECTION("future") { site.clock.set_wall(site.clock.wall() - 5min - 1s); }
  CHECK(site.refuses());
}

TEST_CASE("a changed host key: refused before anybody is asked anything") {
  Site site;
  site.home.know("SHA256:" + std::string(43, 'A'));
  site.options.expected.target = "hmc1";
  site.options.accept_new_gate = true;  // new is not changed
  CHECK(site.refuses());
  CHECK(site.person.asked.empty());
}

TEST_CASE("at first use the person is asked, and the gate remembered after yes alone") {
  Site site;
  site.options.expected.target = "hmc1";
  SECTION("yes") {
    CHECK_FALSE(site.refuses());
    CHECK(site.home.known_gates() == "gate.example.com " + kSampleHostKey + " 2026-03-01T00:00:00Z\n");
  }
  SECTION("anything else") {
    for (const char* answer : {"no", "y", "YES", "", "yes "}) {
      site.person.answer = answer;
      CHECK(site.refuses());
      CHECK(site.home.known_gates().empty());
    }
  }
}

TEST_CASE("at first use without anybody to ask: refused with what to do, unless new gates are accepted") {
  Site site;
  site.person.there = false;
  site.options.expected.target = "hmc1";
  SECTION("refused") {
    const auto reply = site.answer();
    REQUIRE(std::holds_alternative<Refusal>(reply));
    CHECK(std::get<Refusal>(reply).why.find("--add-gate gate.example.com SHA256:") != std::string::npos);
    CHECK(site.home.known_gates().empty());
  }
  SECTION("accepted") {
    site.options.accept_new_gate = true;
    CHECK_FALSE(site.refuses());
    CHECK_FALSE(site.home.known_gates().empty());
  }
}

TEST_CASE("where nothing was said of what to expect, the person is asked, or nothing is signed") {
  Site site;
  site.home.know(kSampleHostKey);
  SECTION("yes") { CHECK_FALSE(site.refuses()); }
  SECTION("no") {
    site.person.answer = "no";
    CHECK(site.refuses());
  }
  SECTION("nobody there") {
    site.person.there = false;
    CHECK(site.refuses());
  }
  SECTION("a gate alone is no use that could be expected") {
    site.options.expected.gate = "gate.example.com";
    site.person.answer = "no";
    CHECK(site.refuses());
  }
}

TEST_CASE("what ssh-keygen prints must be a signature") {
  const auto armour = [](const std::string& base64) {
    return "-----BEGIN SSH SIGNATURE-----\n" + base64 + "\n-----END SSH SIGNATURE-----\n";
  };
  const auto good = to_base64(std::string{"SSHSIG\0\0\0\1", 10} + std::string(80, 'x'));
  CHECK(*unarmoured(armour(good)) == good);
  CHECK(*unarmoured(armour(good.substr(0, 40) + "\n" + good.substr(40))) == good);
  for (const auto& bad : {std::string{}, good, armour(""), armour("!!"), armour(to_base64("SSHSIG")),
                          armour(good) + "x", armour(to_base64(std::string{"SSHSIG\0\0\0\2", 10})),
                          "x\n" + armour(good), "-----BEGIN SSH SIGNATURE-----\n" + good,
                          armour(to_base64(std::string{"SSHSIG\0\0\0\1", 10} + std::string(20000, 'x')))})
    CHECK_FALSE(unarmoured(bad));
}
