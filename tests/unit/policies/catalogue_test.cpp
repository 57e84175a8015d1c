// load_catalogue: I8, a bad file is refused whole, with file, line and what was expected.
#include "policies/catalogue.h"

#include <unistd.h>

#include "tests/catch.h"
#include "tests/unit/policies/folder.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

// One bad file, the exact complaint.
struct BadFile {
  const char* text;
  const char* complaint;
};

void check_each(const char* file, std::initializer_list<BadFile> cases) {
  for (const auto& [text, complaint] : cases) {
    const ConfigFolder folder;
    folder.put(file, text);
    INFO(text);
    CHECK(folder.problems() == std::string{file} + complaint + "\n");
  }
}

const std::string kGate = "[gate]\nname = \"gate.example\"\naddresses = [\"192.0.2.1\"]\n";

}  // namespace

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
             kGate +
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

TEST_CASE("sallyport.toml: each fault with its line") {
  check_each(
      "sallyport.toml",
      {{"", ": 'gate' is missing (expected a table [gate] with name and addresses)"},
       {"gate = 1\n",
        ":1: 'gate' is a number (expected a table, [gate])\nsallyport.toml:1: 'name' in [gate] is missing "
        "(expected a host name, "
        "e.g. \"gate.example.com\")\nsallyport.toml:1: 'addresses' in [gate] is missing (expected the "
        "addresses it "
        "listens on, e.g. [\"192.0.2.1\", \"2001:db8::1\"])"},
       {"[gate]\nname = 5\naddresses = [\"192.0.2.1\"]\n",
        ":2: 'name' in [gate] is a number (expected a text in quotes)"},
       {"[gate]\nname = \"a b\"\naddresses = [\"192.0.2.1\"]\n",
        ":2: 'name' in [gate] is \"a b\" (expected a host name)"},
       {"[gate]\nname = \"g\"\naddresses = [\n\"192.0.2.1\",\n\"192.0.2\"]\n",
        ":5: 'addresses' in [gate]: '192.0.2' is not an IP address (expected e.g. 192.0.2.7 or 2001:db8::7)"},
       {"[gate]\nname = \"g\"\naddresses = []\n",
        ":3: 'addresses' in [gate] names no usable address (expected at least one)"},
       {"[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\", 7]\n",
        ":3: 'addresses' in [gate] holds a number (expected a text in quotes)"},
       {"[gate]\nname = \"g\"\naddresses = [\"192.0.2.1\", \"192.0.2.1\"]\n",
        ":3: address 192.0.2.1 is there twice"}});
}

TEST_CASE("sallyport.toml: limits and kinds") {
  const auto complaint = [](const std::string& more) {
    const ConfigFolder folder;
    folder.put("sallyport.toml", kGate + more);
    return folder.problems();
  };
  CHECK(complaint("ssh_port = 0\n") == "sallyport.toml:4: 'ssh_port' in [gate] is 0 (expected 1 to 65535)\n");
  CHECK(complaint("ssh_port = \"22\"\n") ==
        "sallyport.toml:4: 'ssh_port' in [gate] is a string (expected a number from 1 to 65535)\n");
  CHECK(complaint("sshport = 22\n") ==
        "sallyport.toml:4: unknown key 'sshport' in [gate] (did you mean ssh_port?)\n");
  CHECK(complaint("[login]\ntries = 0\n") ==
        "sallyport.toml:5: 'tries' in [login] is 0 (expected 1 to 10)\n");
  CHECK(complaint("[login]\ntime = 120\n") ==
        "sallyport.toml:5: 'time' in [login] is a number (expected a duration in quotes, e.g. \"30m\")\n");
  CHECK(
      complaint("[login]\ntime = \"2w\"\n") ==
      "sallyport.toml:5: 'time' in [login]: '2w' is not a duration (expected e.g. 90s, 30m, 4h or 1h30m)\n");
  CHECK(complaint("[login]\ntime = \"11m\"\n") ==
        "sallyport.toml:5: 'time' in [login] is 11m (expected 5s to 10m)\n");
  CHECK(complaint("[login]\nresponse_lifetime = \"1s\"\n") ==
        "sallyport.toml:5: 'response_lifetime' in [login] is 1s (expected 5s to 10m)\n");
  CHECK(complaint("[login]\nhelper_deadline = \"1h\"\n") ==
        "sallyport.toml:5: 'helper_deadline' in [login] is 1h (expected 1s to 5m)\n");
  CHECK(complaint("[login]\nunauthenticated = 2\n") ==
        "sallyport.toml:4: 'unauthenticated_per_source' in [login] is 4 (expected at most 'unauthenticated', "
        "2)\n");
  CHECK(complaint("[firewall]\nmark_bit = 32\n") ==
        "sallyport.toml:5: 'mark_bit' in [firewall] is 32 (expected 0 to 31)\n");
  CHECK(complaint("[worker]\nuser = \"root\"\n") ==
        "sallyport.toml:5: 'user' in [worker] is \"root\" (expected an account of its own, not root)\n");
  CHECK(complaint("[pam]\nservice = \"../x\"\n") ==
        "sallyport.toml:5: 'service' in [pam] is \"../x\" (expected the name of a file in /etc/pam.d)\n");
  CHECK(complaint("[https]\nport = 22\n") ==
        "sallyport.toml:5: 'port' in [https] is 22, which is 'ssh_port' in [gate] (expected another)\n");
  CHECK(complaint("[https]\nprofile = \"old\"\n") ==
        "sallyport.toml:5: 'profile' in [https] is \"old\" (expected \"modern\" or \"nist-800-131a\")\n");
  CHECK(complaint("[https]\nkey = \"/etc/key.pem\"\n") ==
        "sallyport.toml:4: [https] names one of 'certificate' and 'key' (expected both, or neither: then the "
        "gate makes its own)\n");
  CHECK(complaint("[https]\nkey = \"key.pem\"\ncertificate = \"/etc/c.pem\"\n") ==
        "sallyport.toml:5: 'key' is \"key.pem\" (expected a file's full path)\n");
  CHECK(complaint("[https]\n").empty());
  for (const auto* const good : {"https://gate.example.com", "https://g", "https://gate.example.com:8443"})
    CHECK(complaint(fmt::format("[https]\norigin = \"{}\"\n", good)).empty());
  for (const auto* const bad :
       {"", "gate.example.com", "http://gate.example.com", "https://gate.example.com/",
        "https://Gate.example.com", "https://gate.example.com:443", "https://gate.example.com:0443",
        "https://gate.example.com:99999", "https://gate.example.com:", "https://192.0.2.1",
        "https://[2001:db8::1]", "https://a@b", "https://"})
    CHECK(complaint(fmt::format("[https]\norigin = \"{}\"\n", bad))
              .starts_with("sallyport.toml:5: 'origin' in [https] is \""));
  CHECK(complaint("[frobnicate]\nx = 1\n") ==
        "sallyport.toml:4: unknown key 'frobnicate' (known: gate, login, ssh, https, firewall, worker, pam, "
        "journal, recordings, send, metrics)\n");
}

TEST_CASE("sallyport.toml: numbers for a monitoring system are served on this host alone") {
  const auto listening = [](const std::string& listen) {
    const ConfigFolder folder;
    folder.put("sallyport.toml", fmt::format("{}[metrics]\nlisten = \"{}\"\n", kGate, listen));
    return load_settings(folder.path());
  };
  const ConfigFolder none;
  none.put("sallyport.toml", kGate);
  CHECK_FALSE(load_settings(none.path())->metrics);
  none.put("sallyport.toml", std::string{kGate} + "[metrics]\n");
  CHECK(load_settings(none.path())->metrics->socket == "/run/sallyport-metrics/metrics.sock");

  CHECK(listening("unix:/run/x.sock")->metrics->socket == "/run/x.sock");
  for (const auto* const good : {"127.0.0.1:9477", "127.9.9.9:1", "[::1]:65535"}) {
    REQUIRE(listening(good));
    CHECK(listening(good)->metrics->socket.empty());
    CHECK(listening(good)->metrics->loopback.text() == good);
  }
  for (const auto& bad : {std::string{"0.0.0.0:9477"}, std::string{"192.0.2.1:9477"},
                          std::string{"[::]:9477"}, std::string{"[fe80::1]:9477"}, std::string{"127.0.0.1:0"},
                          std::string{"127.0.0.1"}, std::string{"localhost:9477"}, std::string{"unix:x.sock"},
                          std::string{"unix:"}, std::string{}, "unix:/" + std::string(107, 'x')}) {
    INFO(bad);
    const auto read = listening(bad);
    REQUIRE_FALSE(read);
    CHECK(read.error().front().text.starts_with("'listen' in [metrics] is \"" + bad));
  }
}

TEST_CASE("a policy: each fault with its line") {
  const std::string service = "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n";
  const auto complaint = [](const std::string& text) {
    const ConfigFolder folder;
    folder.put("policies/hmc-ssh.toml", text);
    return folder.problems();
  };
  CHECK(complaint("") ==
        "policies/hmc-ssh.toml: 'service' is missing (expected at least one [[service]]: a policy without "
        "one offers nothing)\n");
  CHECK(complaint("[limits]\nidle = \"0s\"\n" + service) ==
        "policies/hmc-ssh.toml:2: 'idle' in [limits] is 0s (expected 1s to 1d)\n");
  CHECK(complaint("[limits]\nsesion = \"1h\"\n" + service) ==
        "policies/hmc-ssh.toml:2: unknown key 'sesion' in [limits] (did you mean session?)\n");
  CHECK(complaint("[limits]\nfailed_dial_spends = \"no\"\n" + service) ==
        "policies/hmc-ssh.toml:2: 'failed_dial_spends' in [limits] is a string (expected true or false)\n");
  CHECK(complaint("[limits]\nchannels = 1.5\n" + service) ==
        "policies/hmc-ssh.toml:2: 'channels' in [limits] is a fraction (expected a number from 1 to 100)\n");
  CHECK(complaint("[login]\nmethods = []\n" + service) ==
        "policies/hmc-ssh.toml:2: 'methods' in [login] allows no challenge method (expected [\"ocra\", "
        "\"ssh-signature\", \"webauthn\"])\n");
  CHECK(complaint("[login]\nmethods = \"ocra\"\n" + service) ==
        "policies/hmc-ssh.toml:2: 'methods' in [login] is a string (expected a list of texts, e.g. [\"one\", "
        "\"two\"])\n"
        "policies/hmc-ssh.toml:2: 'methods' in [login] allows no challenge method (expected [\"ocra\", "
        "\"ssh-signature\", \"webauthn\"])\n");
  CHECK(complaint("[recording]\nlimit = \"1GB\"\n" + service) ==
        "policies/hmc-ssh.toml:2: 'limit' in [recording]: '1GB' is not a size (expected e.g. \"64MiB\" or "
        "\"1GiB\")\n");
  CHECK(complaint("[recording]\nlimit = \"1KiB\"\n" + service) ==
        "policies/hmc-ssh.toml:2: 'limit' in [recording] is 1KiB (expected 4KiB to 1TiB)\n");
  const std::string web = "[[service]]\nname = \"gui\"\ncarriage = \"https\"\nport = 443\n";
  CHECK(complaint(web).empty());
  CHECK(complaint(web + "transport = \"udp\"\n") ==
        "policies/hmc-ssh.toml:5: service 'gui' carries https over udp (expected tcp)\n");
  CHECK(
      complaint(web + "[[service]]\nname = \"rest\"\ncarriage = \"https\"\nport = 12443\n") ==
      "policies/hmc-ssh.toml:7: services 'gui' and 'rest' are both carried by https (expected one: the gate "
      "has one such door)\n");
  CHECK(complaint("[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nport = 2222\nexposure = \"wide\"\n") ==
        "policies/hmc-ssh.toml:5: service 'ssh' offers port 2222 to a wide network (only 22 and 443 may be; "
        "expected exposure = \"isolated\")\n");
  CHECK(complaint(service + service) == "policies/hmc-ssh.toml:6: service 'ssh' is there twice\n");
  CHECK(complaint("[[service]]\nname = \"ssh\"\ncarriage = \"telnet\"\n") ==
        "policies/hmc-ssh.toml:3: 'carriage' in [[service]] is \"telnet\" (expected \"ssh\" or \"https\" or "
        "\"forward\" or \"through-ssh\")\n");
}

namespace {

std::string complaint_about_service(const std::string& lines) {
  const ConfigFolder folder;
  folder.put("policies/hmc-ssh.toml",
             "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n[[service]]\nname = "
             "\"x\"\n" +
                 lines);
  const auto all = folder.problems();
  const std::string prefix = "policies/hmc-ssh.toml:";
  return all.starts_with(prefix) ? all.substr(prefix.size()) : all;
}

}  // namespace

TEST_CASE("a policy says which way files may go") {
  const ConfigFolder folder;
  const std::string service = "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n";
  CHECK(load_catalogue(folder.path())->policies.at("hmc-ssh").files == FileWays::both);
  const std::pair<const char*, FileWays> ways[] = {{"none", FileWays::none},
                                                   {"to-target", FileWays::to_target},
                                                   {"from-target", FileWays::from_target},
                                                   {"both", FileWays::both}};
  for (const auto& [text, way] : ways) {
    folder.put("policies/hmc-ssh.toml", "[ssh]\nfiles = \"" + std::string{text} + "\"\n" + service);
    CHECK(load_catalogue(folder.path())->policies.at("hmc-ssh").files == way);
  }
  folder.put("policies/hmc-ssh.toml", "[ssh]\nfiles = \"up\"\n" + service);
  CHECK(folder.problems() ==
        "policies/hmc-ssh.toml:2: 'files' in [ssh] is \"up\" (expected \"none\" or \"to-target\" or "
        "\"from-target\" or "
        "\"both\")\n");
  folder.put("policies/hmc-ssh.toml", "[ssh]\nfile = \"none\"\n" + service);
  CHECK(folder.problems().starts_with("policies/hmc-ssh.toml:2: "));
}

TEST_CASE(
    "I8: a policy says behind which words nothing is recorded, and a rule that cannot be applied refuses "
    "it") {
  const ConfigFolder folder;
  const std::string service = "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\nexposure = \"wide\"\n";
  const auto put = [&](const std::string& rules) {
    folder.put("policies/hmc-ssh.toml", "[recording]\nmask_after = " + rules + "\n" + service);
    return folder.problems();
  };
  CHECK(put("[\"Password:\", \"PIN for * is\"]") == "");
  CHECK(load_catalogue(folder.path())->policies.at("hmc-ssh").masked_after ==
        std::vector<std::string>{"Password:", "PIN for * is"});
  const std::string place = "policies/hmc-ssh.toml:2: 'mask_after' in [recording]";
  CHECK(put("[\"a*\"]") == place +
                               ": \"a*\" has a * that stands between nothing (expected text before and "
                               "behind each *)\n");
  CHECK(put("[\": *\"]").starts_with(place));
  CHECK(put("[\": :\"]") == place +
                                ": \": :\" would hide nearly everything (expected at least 3 characters "
                                "besides spaces and *)\n");
  CHECK(put("[\"Pass\\tword\"]").starts_with(place + ": \"Pass\\"));
  CHECK(put("[\"Password:\", \"Password:\"]") == place + " names \"Password:\" twice\n");
  CHECK(put("\"Password:\"").starts_with(place));
  CHECK(put("[" + std::string(17, ' ') + "\"a:1\"]").empty());
}

TEST_CASE("a forwarded service is read with all that it can say") {
  const ConfigFolder folder;
  folder.put("policies/hmc-ssh.toml",
             "targets = [\"power\"]\n[[service]]\nname = \"rmc\"\ncarriage = \"forward\"\ntransport = "
             "[\"udp\", \"tcp\"]\nport = 657\nreach = \"managed-system\"\ntranslate_source = "
             "true\ndirection = \"inbound\"\n[[service]]\nname = \"gui\"\ncarriage = "
             "\"through-ssh\"\nport = 12443\n");
  REQUIRE(folder.problems() == "");
  const auto catalogue = load_catalogue(folder.path());
  const auto& policy = catalogue->policies.at("hmc-ssh");
  CHECK(policy.targets == std::vector{TargetKind::power});
  const auto& rmc = policy.services.at(0);
  CHECK(rmc.transports == std::vector{Transport::udp, Transport::tcp});
  CHECK(rmc.reach == Reach::managed_system);
  CHECK(rmc.translate_source);
  CHECK(rmc.exposure == Exposure::isolated);
  CHECK(policy.services.at(1).carriage == Carriage::through_ssh);
  CHECK(policy.services.at(1).transports == std::vector{Transport::tcp});
  CHECK_FALSE(policy.services.at(1).translate_source);
}

TEST_CASE("a service: each fault of what is not SSH, with its line") {
  const auto complaint = complaint_about_service;
  CHECK(complaint("carriage = \"forward\"\ntransport = []\nport = 657\n") ==
        "8: 'transport' in [[service]] is an empty list (expected \"tcp\" or \"udp\")\n");
  CHECK(complaint("carriage = \"forward\"\ntransport = [\"tcp\", \"tcp\"]\nport = 657\n") ==
        "8: 'transport' in [[service]] names \"tcp\" twice\n");
  CHECK(complaint("carriage = \"forward\"\ntransport = [\n\"tcp\",\n\"sctp\"]\nport = 657\n") ==
        "10: 'transport' in [[service]] is \"sctp\" (expected \"tcp\" or \"udp\")\n");
  CHECK(complaint("carriage = \"forward\"\ntransport = 6\nport = 657\n") ==
        "8: 'transport' in [[service]] is a number (expected \"tcp\" or \"udp\", or a list of them)\n");
  CHECK(complaint("carriage = \"through-ssh\"\ntransport = \"udp\"\nport = 657\n") ==
        "8: service 'x' carries through-ssh over udp (expected tcp)\n");
  CHECK(complaint("carriage = \"forward\"\n") ==
        "5: 'port' in [[service]] is missing (expected 1 to 65535)\n");
  CHECK(complaint("carriage = \"through-ssh\"\nport = 657\nreach = \"managed-system\"\n") ==
        "9: service 'x' reaches a managed system by through-ssh (expected carriage = \"forward\")\n");
  CHECK(
      complaint("carriage = \"through-ssh\"\nport = 657\ntranslate_source = true\n") ==
      "9: 'translate_source' has no use for service 'x', carried by through-ssh: the target sees the gate's "
      "address anyway (expected with carriage = \"forward\" only)\n");
  CHECK(complaint("carriage = \"forward\"\nport = 657\nreach = \"partition\"\n") ==
        "9: 'reach' in [[service]] is \"partition\" (expected \"hmc\" or \"managed-system\")\n");
  CHECK(complaint("carriage = \"forward\"\nport = 657\ndirection = \"outbound\"\n") ==
        "9: service 'x' is outbound: this gate carries only what a representative opens towards the HMC "
        "(expected \"inbound\"; what the HMC opens itself is for the site's own firewall)\n");
  CHECK(complaint("carriage = \"forward\"\nport = 657\ndirection = \"both\"\n") ==
        "9: 'direction' in [[service]] is \"both\" (expected \"inbound\")\n");
  CHECK(complaint("carriage = \"forward\"\nport = 657\nexposure = \"wide\"\n")
            .starts_with("9: service 'x' offers port 657 to a wide network"));
}

TEST_CASE("a port of one transport belongs to one service, and the gate's own SSH port to none") {
  const auto first = [](const std::string& more) {
    return "carriage = \"forward\"\nport = 657\ntransport = [\"tcp\", \"udp\"]\n[[service]]\nname = "
           "\"y\"\nport = 657\n" +
           more;
  };
  const std::string twice =
      "12: service 'y' claims port 657, as service 'x' does: it would have two meanings (expected another "
      "port, or one service)\n";
  CHECK(complaint_about_service(first("carriage = \"forward\"\ntransport = \"udp\"\n")) == twice);
  CHECK(complaint_about_service(first("carriage = \"through-ssh\"\n")) == twice);
  CHECK(complaint_about_service(first("carriage = \"forward\"\nreach = \"managed-system\"\n")) == twice);
  CHECK(complaint_about_service("carriage = \"forward\"\nport = 657\n[[service]]\nname = \"y\"\nport = "
                                "657\ntransport = \"udp\"\ncarriage = \"forward\"\n") == "");
  const ConfigFolder folder;
  folder.put("sallyport.toml", kGate + "ssh_port = 443\n");
  folder.put("policies/hmc-ssh.toml",
             "[[service]]\nname = \"gui\"\ncarriage = \"forward\"\nport = 443\nexposure = \"wide\"\n");
  CHECK(folder.problems() ==
        "policies/hmc-ssh.toml:4: service 'gui' forwards port 443, on which the gate itself listens "
        "('ssh_port' in sallyport.toml; expected another port)\n");
  SECTION("of TCP: the gate listens on no UDP") {
    folder.put("policies/hmc-ssh.toml",
               "[[service]]\nname = \"gui\"\ncarriage = \"forward\"\nport = 443\ntransport = \"udp\"\n");
    CHECK(folder.problems() == "");
  }
  SECTION("a running gate's own port counts, not the one of its next start") {
    folder.put("sallyport.toml", kGate + "ssh_port = 22\n");
    Settings in_force;
    in_force.ssh_port = Port{443};
    CHECK(folder.problems() == "");
    CHECK_FALSE(load_catalogue(folder.path(), &in_force));
    in_force.ssh_port = Port{2222};
    CHECK(load_catalogue(folder.path(), &in_force)->settings.ssh_port == Port{2222});
  }
}

TEST_CASE("a policy's kinds of targets") {
  const auto complaint = [](const std::string& line) {
    const ConfigFolder folder;
    folder.put("policies/hmc-ssh.toml", line + "[[service]]\nname = \"ssh\"\ncarriage = \"ssh\"\n");
    return folder.problems();
  };
  CHECK(complaint("targets = [\"power\", \"ds8000\"]\n") == "");
  CHECK(complaint("targets = [\"z\"]\n") ==
        "policies/hmc-ssh.toml:1: 'targets' is \"z\" (expected \"power\" or \"ds8000\")\n");
  CHECK(complaint("targets = []\n") ==
        "policies/hmc-ssh.toml:1: 'targets' is an empty list (expected \"power\" or \"ds8000\")\n");
}

TEST_CASE("isolated networks are networks") {
  const auto complaint = [](const std::string& line) {
    const ConfigFolder folder;
    folder.put("sallyport.toml", kGate + line);
    return folder.problems();
  };
  const ConfigFolder folder;
  folder.put("sallyport.toml", kGate + "isolated_networks = [\"10.0.0.0/8\", \"fc00::/7\"]\n");
  REQUIRE(folder.problems() == "");
  CHECK(load_catalogue(folder.path())->settings.isolated_networks.size() == 2);
  CHECK_FALSE(load_catalogue(folder.path())->settings.transit);
  CHECK(
      complaint("isolated_networks = [\n\"0.0.0.0/0\"]\n") ==
      "sallyport.toml:5: network 0.0.0.0/0 is too wide to be an isolated one (expected at most a /8 of IPv4, "
      "a /7 of IPv6)\n");
  CHECK(complaint("isolated_networks = [\"10.1.0.0/16\", \"10.1.0.0/16\"]\n") ==
        "sallyport.toml:4: network 10.1.0.0/16 is there twice\n");
  CHECK(complaint("isolated_networks = [\"10.1.0.1/16\"]\n").find("host bits") != std::string::npos);
}

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
  folder.put("sallyport.toml", kGate + "port = 1\n[login]\ntries = 99\n");
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
