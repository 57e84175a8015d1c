// sallyport.toml: each fault with its line (I8).
#include "policies/catalogue.h"

#include "tests/catch.h"
#include "tests/unit/policies/bad_file.h"

using namespace sallyport;
using namespace std::chrono_literals;

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
    folder.put("sallyport.toml", kGateTable + more);
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
    folder.put("sallyport.toml", fmt::format("{}[metrics]\nlisten = \"{}\"\n", kGateTable, listen));
    return load_settings(folder.path());
  };
  const ConfigFolder none;
  none.put("sallyport.toml", kGateTable);
  CHECK_FALSE(load_settings(none.path())->metrics);
  none.put("sallyport.toml", std::string{kGateTable} + "[metrics]\n");
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

TEST_CASE("the journal is never kept shorter than recordings, and its segments last a part of that time") {
  const auto complaint = [](const std::string& more) {
    const ConfigFolder folder;
    folder.put("sallyport.toml", kGateTable + more);
    return folder.problems();
  };
  CHECK(complaint("[journal]\nkeep_days = 399\n") ==
        "sallyport.toml:5: 'keep_days' in [journal] is 399, so that recordings would be left without the "
        "records that tell of them (expected 0, for ever, or at least 400, as in [recordings])\n");
  CHECK(complaint("[journal]\nkeep_days = 36500\n[recordings]\nkeep_days = 0\n") ==
        "sallyport.toml:5: 'keep_days' in [journal] is 36500, so that recordings would be left without the "
        "records that tell of them (expected 0, for ever, as 'keep_days' in [recordings])\n");
  CHECK(complaint("[journal]\nkeep_days = -1\n").find("(expected 0 to 36500)") != std::string::npos);
  CHECK(complaint("[journal]\nkeep_days = 400\n") == "");
  CHECK(complaint("[journal]\nkeep_days = 3\n[recordings]\nkeep_days = 3\n") == "");

  JournalSettings settings;
  CHECK(settings.segment_age() == 0h);
  for (const auto& [days, hours] : {std::pair{1U, 24}, {15U, 24}, {100U, 240}, {400U, 720}, {36500U, 720}}) {
    settings.keep_days = days;
    CHECK(settings.segment_age() == std::chrono::hours{hours});
  }
}

TEST_CASE("isolated networks are networks") {
  const auto complaint = [](const std::string& line) {
    const ConfigFolder folder;
    folder.put("sallyport.toml", kGateTable + line);
    return folder.problems();
  };
  const ConfigFolder folder;
  folder.put("sallyport.toml", kGateTable + "isolated_networks = [\"10.0.0.0/8\", \"fc00::/7\"]\n");
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
