// Targets' and reps' files: each fault with its line (I8).
#include "policies/catalogue.h"

#include "tests/catch.h"
#include "tests/unit/policies/bad_file.h"

using namespace sallyport;

TEST_CASE("a target: each fault with its line") {
  const auto complaint = [](const std::string& head, const std::string& ssh, const std::string& login) {
    const ConfigFolder folder;
    folder.put("targets/hmc1.toml", head + "[ssh]\n" + ssh + "[login]\n" + login);
    return folder.problems();
  };
  const std::string head = "addresses = [\"198.51.100.10\"]\nuser = \"hscroot\"\n";
  const std::string ssh = "host_keys = [\"" + kKeyLine + "\"]\n";
  const std::string login = "method = \"prompt\"\n";
  CHECK(complaint("user = \"u\"\n", ssh, login) ==
        "targets/hmc1.toml: 'addresses' is missing (expected the target's IP addresses, e.g. "
        "[\"198.51.100.10\"])\n");
  CHECK(complaint("addresses = [\"224.0.0.1\"]\nuser = \"u\"\n", ssh, login) ==
        "targets/hmc1.toml:1: 224.0.0.1 is not an address of one host\n"
        "targets/hmc1.toml:1: 'addresses' names no usable address (expected at least one)\n");
  CHECK(complaint("addresses = [\"192.0.2.1\"]\nuser = \"u\"\n", ssh, login) ==
        "targets/hmc1.toml: address 192.0.2.1 is the gate's own\n");
  CHECK(complaint("addresses = [\"198.51.100.10\"]\n", ssh, login) ==
        "targets/hmc1.toml: 'user' is missing (expected whom to log in as there, e.g. \"hscroot\")\n");
  CHECK(complaint(head, "", login) ==
        "targets/hmc1.toml:3: 'host_keys' in [ssh] is missing (expected at least one public key line; run: "
        "sallyport target scan hmc1)\n");
  CHECK(complaint(head, "host_keys = [\n\"" + kKeyLine + "\",\n\"ssh-ed25519 AAAA\"]\n", login) ==
        "targets/hmc1.toml:6: 'host_keys' in [ssh]: key data is not of type ssh-ed25519\n");
  CHECK(complaint(head, ssh, "method = \"none\"\n") ==
        "targets/hmc1.toml:6: 'method' in [login] is \"none\" (expected \"prompt\" or \"key\" or "
        "\"password\")\n");
  CHECK(
      complaint(head, ssh, "") ==
      "targets/hmc1.toml:5: 'method' in [login] is missing (expected \"prompt\", \"key\" or \"password\")\n");
  CHECK(complaint(head, ssh, "method = \"key\"\nsecret_file = \"x\"\n") ==
        "targets/hmc1.toml:7: 'secret_file' in [login] is \"x\" (expected an absolute path)\n");
  CHECK(complaint(head, ssh + "ports = 22\n", login) ==
        "targets/hmc1.toml:5: unknown key 'ports' in [ssh] (did you mean port?)\n");
  CHECK(complaint(head, ssh + "macs = [\"hmac-sha2-256\", \"hmac-sha1\"]\n", login) ==
        "targets/hmc1.toml:5: 'macs' in [ssh] names \"hmac-sha1\", which is not safe any more (expected "
        "another, "
        "or legacy = true)\n");
  CHECK(complaint(head, ssh + "legacy = true\nmacs = [\"hmac-sha1\"]\n", login).empty());
  CHECK(complaint(head, ssh + "macs = [\"rot13\"]\n", login)
            .starts_with("targets/hmc1.toml:5: 'macs' in [ssh] names \"rot13\" (expected some of "
                         "hmac-sha2-256-etm@openssh.com, "));
}

TEST_CASE("a target's web interface: each fault with its line") {
  const auto complaint = [](const std::string& https) {
    const ConfigFolder folder;
    folder.put("targets/hmc1.toml",
               "addresses = [\"198.51.100.10\"]\nuser = \"hscroot\"\n[ssh]\nhost_keys = [\"" + kKeyLine +
                   "\"]\n[login]\nmethod = \"prompt\"\n[https]\n" + https);
    return folder.problems();
  };
  const std::string pin = "pins = [\"sha256//" + std::string(43, 'A') + "=\"]\n";
  CHECK(complaint(pin).empty());
  CHECK(complaint("") ==
        "targets/hmc1.toml:7: [https] is to say how the HMC's certificate is known: expected 'pins' (for one "
        "that "
        "it signed itself) or 'authorities' (a file of certificates that sign it), and not both\n");
  CHECK(complaint("pins = [\"sha256//AAAA\"]\nauthorities = \"a.pem\"\n") ==
        "targets/hmc1.toml:8: 'pins' in [https]: \"sha256//AAAA\" is no pin (expected \"sha256//\" and the "
        "Base64 of "
        "a SHA-256, as curl --pinnedpubkey takes)\n"
        "targets/hmc1.toml:9: 'authorities' in [https] is \"a.pem\" (expected a file's full path)\n");
  CHECK(complaint(pin + "name = \"a b\"\n") ==
        "targets/hmc1.toml:9: 'name' in [https] is \"a b\" (expected a host name or an address)\n");
  CHECK(complaint(pin + "aliases = [\"x/y\"]\n") ==
        "targets/hmc1.toml:9: 'aliases' in [https]: \"x/y\" is neither a host name nor an address\n");
  CHECK(complaint("authorities = \"/nonexistent/ca.pem\"\n")
            .find("targets/hmc1.toml:8: the authorities of [https]: ") == 0);
}

TEST_CASE("a target's kind and managed systems: each fault with its line") {
  const auto complaint = [](const std::string& head, const std::string& tail) {
    const ConfigFolder folder;
    folder.put("targets/hmc1.toml", head + "user = \"hscroot\"\n[ssh]\nhost_keys = [\"" + kKeyLine +
                                        "\"]\n[login]\nmethod = \"prompt\"\n" + tail);
    return folder.problems();
  };
  const std::string head = "addresses = [\"198.51.100.10\"]\n";
  const std::string ds8000 = "kind = \"ds8000\"\n";
  const std::string system = "[[managed_system]]\nname = \"a\"\n";
  CHECK(complaint("kind = \"z15\"\n" + head, "") ==
        "targets/hmc1.toml:1: 'kind' is \"z15\" (expected \"power\" or \"ds8000\")\n");
  CHECK(complaint(ds8000 + "addresses = [\"198.51.100.10\", \"198.51.100.11\", \"2001:db8::10\", "
                           "\"2001:db8::11\"]\n",
                  "") == "");
  CHECK(
      complaint(ds8000 + "addresses = [\"198.51.100.10\", \"198.51.100.11\", \"198.51.100.12\"]\n", "") ==
      "targets/hmc1.toml:2: 'addresses' names 3 IPv4 addresses for a DS8000 (expected at most 2: its one or "
      "two HMCs)\n");
  CHECK(complaint(ds8000 + head, system + "addresses = [\"198.51.100.20\"]\n") ==
        "targets/hmc1.toml:8: [[managed_system]] in a target of kind \"ds8000\": of a DS8000 only the HMC is "
        "reached (expected none, or kind = \"power\")\n");
  CHECK(complaint(head, system + "addresses = [\"198.51.100.20\", \"2001:db8::20\"]\n") == "");
  CHECK(complaint(head, system + "addresses = [\"198.51.100.20\", \"198.51.100.21\"]\n") ==
        "targets/hmc1.toml:9: 'addresses' in [[managed_system]] names 2 IPv4 addresses (expected at most one "
        "of a family)\n");
  CHECK(
      complaint(head, system) ==
      "targets/hmc1.toml:7: 'addresses' in [[managed_system]] is missing (expected the system's IP address, "
      "e.g. [\"198.51.100.20\"])\n");
  CHECK(complaint(head, system + "addresses = [\"198.51.100.10\"]\n") ==
        "targets/hmc1.toml:9: address 198.51.100.10 of managed system 'a' is the target's own\n");
  CHECK(complaint(head, system + "addresses = [\"192.0.2.1\"]\n") ==
        "targets/hmc1.toml: address 192.0.2.1 of managed system 'a' is the gate's own\n");
  CHECK(complaint(head, system + "addresses = [\"198.51.100.20\"]\n" + system +
                            "addresses = [\"198.51.100.21\"]\n") ==
        "targets/hmc1.toml:11: managed system 'a' is there twice\n");
  CHECK(complaint(head, "[[managed_system]]\nname = \"A 1\"\naddresses = [\"198.51.100.20\"]\n") ==
        "targets/hmc1.toml:8: 'name' in [[managed_system]] is \"A 1\" (expected a-z, 0-9, '.', '_', '-')\n");
}

TEST_CASE("a rep: each fault with its line") {
  check_each(
      "reps/kim.toml",
      {{"name = \"kim\"\n", ":1: unknown key 'name' (known: full_name, contact, account, response)"},
       {"account = \"a b\"\n", ":1: 'account' is \"a b\" (expected the name of an account of PAM)"},
       {"full_name = true\n", ":1: 'full_name' is true or false (expected a text in quotes)"},
       {"[response]\nmethod = \"totp\"\n",
        ":2: 'method' in [response] is \"totp\" (expected \"ocra\" or \"ssh-signature\" or \"webauthn\")"}});
  const ConfigFolder folder;
  folder.put("reps/kim.toml", "[response]\nsuite = \"OCRA-2\"\n");
  CHECK(folder.problems().starts_with("reps/kim.toml:2: 'suite' in [response]: "));
}
