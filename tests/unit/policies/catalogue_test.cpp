// load_catalogue: I8, a bad file is refused whole, with file, line and what was expected.
#include "policies/catalogue.h"

#include <unistd.h>

#include "tests/catch.h"
#include "tests/unit/policies/bad_file.h"

using namespace sallyport;
using namespace std::chrono_literals;

TEST_CASE("good files are read with their defaults") {
  const ConfigFolder folder;
  REQUIRE(folder.problems() == "");
  const auto catalogue = load_catalogue(folder.path());
  CHECK(catalogue->settings.gate_name == "gate.example");
  CHECK(catalogue->settings.addresses.size() == 2);
  CHECK(catalogue->settings.mark_bit == 0x40000000);
  CHECK(catalogue->settings.login.time == 120s);
  const auto& policy = catalogue->policies.at("hmc-ssh");
  CHECK(policy.idle == 30min);
  CHECK(policy.services.at(0).port == Port{22});
  CHECK(policy.recording_limit == 1ULL << 30);
  const auto& target = catalogue->targets.at("hmc1");
  CHECK(target.host_keys == std::vector<std::string>{kKeyLine});
  CHECK(target.login == TargetLogin::prompt);
  const auto& rep = catalogue->reps.at("kim");
  CHECK(rep.account == "kim");
  CHECK(rep.suite == "OCRA-1:HOTP-SHA256-8:QA10");
  CHECK(rep.secret_file == folder.path() / "secrets/reps/kim");
}

TEST_CASE("every key of every file can be set") {
  const ConfigFolder folder;
  folder.put("sallyport.toml",
             kGateTable +
                 "ssh_port = 2222\nbanner = \"hello\"\n[login]\ntries = 2\ntime = \"1m\"\nresponse_lifetime "
                 "= \"90s\"\n"
                 "unauthenticated = 8\nunauthenticated_per_source = 2\nhelper_deadline = \"10s\"\n"
                 "[firewall]\nmark_bit = 3\n[worker]\nuser = \"w\"\n[pam]\nservice = \"p\"\n");
  folder.put("policies/hmc-ssh.toml",
             "description = \"d\"\n[limits]\nconnect_within = \"1h\"\nsession = \"2h\"\nidle = "
             "\"5m\"\nfailed_logins = 4\n"
             "failed_dial_spends = true\nchannels = 3\n[login]\nmethods = [\"ocra\", "
             "\"ssh-signature\"]\nuser_verification = true\n[recording]\ninput = "
             "true\nlimit = \"64MiB\"\n"
             "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nport = 22\ntransport = \"tcp\"\nexposure = "
             "\"wide\"\nlegacy = false\n"
             "description = \"x\"\n");
  folder.put("secrets/elsewhere", "secret", 0600);
  folder.put("targets/hmc1.toml",
             "description = \"d\"\naddresses = [\"2001:db8::10\"]\nuser = \"u\"\n[ssh]\nport = "
             "2200\nhost_keys = [\"" +
                 kKeyLine + " comment\"]\n[login]\nmethod = \"key\"\nsecret_file = \"" +
                 (folder.path() / "secrets/elsewhere").string() + "\"\n");
  folder.put("reps/kim.toml",
             "full_name = \"K\"\ncontact = \"c\"\naccount = \"kim2\"\n[response]\nmethod = \"ocra\"\nsuite = "
             "\"OCRA-1:HOTP-SHA1-6:QN08\"\n");
  REQUIRE(folder.problems() == "");
  const auto catalogue = load_catalogue(folder.path());
  CHECK(catalogue->settings.mark_bit == 8);
  CHECK(catalogue->settings.login.response_lifetime == 90s);
  CHECK(catalogue->settings.ssh_port == Port{2222});
  CHECK(catalogue->policies.at("hmc-ssh").recording_limit == 64ULL << 20);
  CHECK(catalogue->policies.at("hmc-ssh").failed_dial_spends);
  CHECK(catalogue->policies.at("hmc-ssh").user_verification);
  CHECK(catalogue->policies.at("hmc-ssh").methods ==
        std::vector{ResponseMethod::ocra, ResponseMethod::ssh_signature});
  CHECK(catalogue->targets.at("hmc1").host_keys.at(0) == kKeyLine);
  CHECK(catalogue->reps.at("kim").account == "kim2");
}

TEST_CASE("TOML syntax errors name the line") {
  const ConfigFolder folder;
  folder.put("reps/kim.toml", "full_name = \"K\"\ncontact = \n");
  CHECK(folder.problems().starts_with("reps/kim.toml:2: "));
  folder.put("reps/kim.toml", "a = 1\na = 2\n");
  CHECK(folder.problems().starts_with("reps/kim.toml:2: "));
}

TEST_CASE("what makes the TOML library stumble is a syntax error with its line") {
  const ConfigFolder folder;
  folder.put("reps/kim.toml", "full_name = \"K\"\n\n[[[response]]]\nmethod = \"ocra\"\n");
  CHECK(folder.problems() == "reps/kim.toml:3: not valid TOML\n");
  folder.put("reps/kim.toml", "full_name = \"K\"\n\xef\xbb\xb5`_d\n");
  CHECK(folder.problems().starts_with("reps/kim.toml:2: a quote, or a letter that is not ASCII,"));
  folder.put("reps/kim.toml", "contact = \"\"\"\na \\\n \xc3\xa9\"\"\"\n");
  CHECK(folder.problems().starts_with("reps/kim.toml:3: a quote, or a letter that is not ASCII"));
  folder.put("reps/kim.toml",
             "# \xc3\xa9\nfull_name = \"\"\"\n\xc3\xa9 \" \\\" \"\"\"\"\"\ncontact = '\xc3\xa9\\'\n");
  CHECK(folder.problems() == "");
  folder.put("reps/kim.toml", "full_name = 8:Q'\xc3\xa9'\n");
  CHECK(folder.problems().starts_with("reps/kim.toml:1: a quote, or a letter"));
  folder.put("reps/kim.toml", "response={suite='OCRA-1:HOTP-SHA1-6:QN08',method=\"ocra\"}\n");
  CHECK(folder.problems() == "");
  folder.put("reps/kim.toml", "full_name = \"K\xff\"\n");
  CHECK(folder.problems() == "reps/kim.toml:1: not UTF-8\n");
  folder.put("reps/kim.toml",
             "\xef\xbb\xbf"
             "full_name = \"K\xc3\xa9\"\n");
  CHECK(folder.problems() == "");
}

TEST_CASE("all problems of all files are found in one go, in order, and nothing is accepted") {
  const ConfigFolder folder;
  folder.put("sallyport.toml", kGateTable + "port = 1\n[login]\ntries = 99\n");
  folder.put("reps/lee.toml", "nme = 1\n");
  folder.put("reps/BAD.toml", "");
  folder.put("policies/other.toml", "[limits]\nidle = 3\n[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\n");
  CHECK(
      folder.problems() ==
      "sallyport.toml:4: unknown key 'port' in [gate] (known: name, addresses, ssh_port, isolated_networks, "
      "banner)\n"
      "sallyport.toml:6: 'tries' in [login] is 99 (expected 1 to 10)\n"
      "policies/other.toml:2: 'idle' in [limits] is a number (expected a duration in quotes, e.g. \"30m\")\n"
      "reps/BAD.toml: has a name that is not usable (expected a-z, 0-9, '.', '_', '-', at most 32)\n"
      "reps/lee.toml:1: unknown key 'nme' (known: full_name, contact, account, response)\n");
}

TEST_CASE("files that others could have written are refused") {
  const ConfigFolder folder;
  SECTION("writable by the group") {
    chmod((folder.path() / "reps/kim.toml").c_str(), 0664);
    CHECK(folder.problems().starts_with("reps/kim.toml: can be written by others than root"));
  }
  SECTION("owned by somebody else") {
    REQUIRE(chown((folder.path() / "reps/kim.toml").c_str(), 65534, 65534) == 0);
    CHECK(folder.problems().starts_with("reps/kim.toml: is not owned by root"));
  }
  SECTION("a symbolic link") {
    std::filesystem::rename(folder.path() / "reps/kim.toml", folder.path() / "kim");
    std::filesystem::create_symlink(folder.path() / "kim", folder.path() / "reps/kim.toml");
    CHECK(folder.problems() ==
          "reps/kim.toml: is a symbolic link, which is not followed (expected a regular file)\n");
  }
  SECTION("a folder that others can write") {
    chmod((folder.path() / "reps").c_str(), 0777);
    CHECK(folder.problems().starts_with("reps: can be written by others than root"));
  }
  SECTION("a FIFO does not hang the reader") {
    REQUIRE(mkfifo((folder.path() / "reps/lee.toml").c_str(), 0600) == 0);
    CHECK(folder.problems() == "reps/lee.toml: is not a regular file\n");
  }
  SECTION("a missing sallyport.toml") {
    std::filesystem::remove(folder.path() / "sallyport.toml");
    CHECK(folder.problems().find("No such file or directory") != std::string::npos);
  }
  SECTION("other files are left alone") {
    folder.put("reps/kim.toml~", "garbage");
    folder.put("reps/.kim.toml.new", "garbage");
    CHECK(folder.problems() == "");
  }
}

TEST_CASE("secrets are root's alone") {
  const ConfigFolder folder;
  const std::string target = "addresses = [\"198.51.100.10\"]\nuser = \"hscroot\"\n[ssh]\nhost_keys = [\"" +
                             kKeyLine + "\"]\n[login]\nmethod = \"password\"\n";
  folder.put("targets/hmc1.toml", target);
  SECTION("a target's must be there") {
    CHECK(folder.problems().starts_with("targets/hmc1.toml:6: the target's password: opening "));
  }
  SECTION("a target's must not be readable") {
    folder.put("secrets/targets/hmc1", "abc123", 0640);
    CHECK(folder.problems().find(
              ":6: the target's password: secrets/targets/hmc1 holds a secret and can be read by others") !=
          std::string::npos);
  }
  SECTION("a target's must not be empty") {
    folder.put("secrets/targets/hmc1", "", 0600);
    CHECK(folder.problems() == "targets/hmc1.toml:6: the target's password: secrets/targets/hmc1 is empty\n");
  }
  SECTION("a rep's must not be readable") {
    folder.put("secrets/targets/hmc1", "abc123", 0600);
    folder.put("secrets/reps/kim", "GEZDGNBV", 0644);
    CHECK(folder.problems().starts_with("reps/kim.toml: the rep's secret: secrets/reps/kim holds a secret"));
  }
  SECTION("good ones are accepted") {
    folder.put("secrets/targets/hmc1", "abc123", 0600);
    folder.put("secrets/reps/kim", "GEZDGNBV", 0600);
    CHECK(folder.problems() == "");
  }
}

TEST_CASE("terminal escapes in a file's keys and values are not passed on") {
  const ConfigFolder folder;
  folder.put("reps/kim.toml", "\"a\\u001b[2J\" = 1\n");
  CHECK(folder.problems().find('\x1b') == std::string::npos);
}
