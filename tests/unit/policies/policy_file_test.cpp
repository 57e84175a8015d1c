// Policy files: each fault with its line (I8), and what they say.
#include "policies/catalogue.h"

#include "tests/catch.h"
#include "tests/unit/policies/bad_file.h"

using namespace sallyport;
using namespace std::chrono_literals;

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
  folder.put("sallyport.toml", kGateTable + "ssh_port = 443\n");
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
    folder.put("sallyport.toml", kGateTable + "ssh_port = 22\n");
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
