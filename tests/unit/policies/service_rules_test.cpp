// The rules about services: which are offered, from where, and whom they reach.
#include "policies/evaluate.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

Service service(const std::string& name, std::uint16_t port, Carriage carriage = Carriage::forward,
                Exposure exposure = Exposure::isolated) {
  Service made;
  made.name = name;
  made.description = "for people";
  made.port = Port{port};
  made.carriage = carriage;
  made.exposure = exposure;
  return made;
}

Address address(const char* text) { return *Address::parse(text); }

// A policy with each kind of service, a Power HMC with one managed system, a DS8000, an isolated network.
Catalogue catalogue() {
  Catalogue all;
  all.settings.isolated_networks = {*Network::parse("10.20.0.0/16"), *Network::parse("fd00:20::/32")};
  all.reps["kim"].name = "kim";
  auto& hmc = all.targets["hmc1"];
  hmc.name = "hmc1";
  hmc.addresses = {address("198.51.100.10")};
  hmc.managed_systems = {{"s1022-a", "", {address("198.51.100.20"), address("2001:db8::20")}}};
  auto& ds8000 = all.targets["ds1"];
  ds8000.name = "ds1";
  ds8000.kind = TargetKind::ds8000;
  ds8000.addresses = {address("198.51.100.30")};
  auto& wide = all.policies["wide"];
  wide.name = "wide";
  wide.services = {service("ssh", 22, Carriage::ssh, Exposure::wide),
                   service("https", 443, Carriage::forward, Exposure::wide), service("rest", 12443)};
  wide.services[2].legacy = true;
  auto& full = all.policies["full"];
  full.name = "full";
  full.targets = {TargetKind::power};
  full.services = {service("ssh", 22, Carriage::ssh, Exposure::wide), service("rmc", 657)};
  auto& systems = all.policies["systems"] = wide;
  systems.name = "systems";
  systems.services[1].reach = Reach::managed_system;
  return all;
}

EnableRequest request(const std::string& policy, std::vector<std::string> networks = {"203.0.113.0/24"}) {
  EnableRequest asked;
  asked.rep = "kim";
  asked.target = "hmc1";
  asked.policy = policy;
  asked.networks = std::move(networks);
  return asked;
}

Result<Permit> judge(const EnableRequest& asked, const Catalogue& all = catalogue()) {
  return evaluate(all, asked, [](const Rep&, ResponseMethod) { return true; });
}

std::string refusal(const EnableRequest& asked, const Catalogue& all = catalogue()) {
  const auto permit = judge(asked, all);
  return permit ? "" : permit.error().message();
}

std::vector<std::string> names(const Result<Permit>& permit) {
  std::vector<std::string> all;
  if (permit)
    for (const auto& one : permit->services) all.push_back(one.name);
  return all;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a grant offers the policy's services, legacy ones only by name") {
  auto asked = request("wide");
  const auto permit = judge(asked);
  CHECK(names(permit) == Names{"ssh", "https"});
  REQUIRE(permit);
  CHECK(permit->services[1].description == "");
  CHECK(permit->services[1].port == Port{443});
  CHECK(permit->managed_system == "");
  asked.networks = {"10.20.1.0/24"};
  asked.services = {"rest"};
  CHECK(names(judge(asked)) == Names{"ssh", "https", "rest"});
  SECTION("one that is offered anyway may be named, also twice") {
    asked.services = {"https", "https"};
    CHECK(names(judge(asked)) == Names{"ssh", "https"});
  }
  SECTION("an unknown name is refused with the known ones") {
    asked.services = {"rest", "r\x1bst"};
    CHECK(refusal(asked) == "policy 'wide' has no service 'r\\x1bst' (known: ssh, https, rest)");
  }
}

TEST_CASE("a policy is for the kinds of targets that it names") {
  auto asked = request("full", {"10.20.1.0/24"});
  CHECK(refusal(asked) == "");
  asked.target = "ds1";
  CHECK(refusal(asked) ==
        "policy 'full' is not for targets of kind ds8000, which 'ds1' is (policies for it: systems, wide)");
}

TEST_CASE("services for isolated networks are refused to any other, with the rule and how to change it") {
  CHECK(refusal(request("full", {"10.20.1.0/24", "fd00:20::7"})) ==
        "service 'rmc' is forwarded, and target 'hmc1' has no IPv6 address for who comes from fd00:20::7/128 "
        "(add one to targets/hmc1.toml, leave that network out of --from, or use a policy without it)");
  CHECK(refusal(request("full", {"10.20.0.0/16"})) == "");
  CHECK(
      refusal(request("full")) ==
      "rule 'isolated': of policy 'full', rmc may be used from an isolated network only (exposure = "
      "\"isolated\"), and 203.0.113.0/24 lies in none: use a policy without that, narrow --from, or declare "
      "the network in 'isolated_networks' of sallyport.toml and restart the gate (declared: 10.20.0.0/16, "
      "fd00:20::/32)");
  SECTION("every network must lie inside, wholly") {
    CHECK(refusal(request("full", {"10.20.1.0/24", "10.21.0.1"})).starts_with("rule 'isolated': "));
    CHECK(refusal(request("full", {"10.20.0.0/15"})).starts_with("rule 'isolated': "));
  }
  SECTION("none is declared") {
    auto all = catalogue();
    all.settings.isolated_networks.clear();
    CHECK(refusal(request("full", {"10.20.1.0/24"}), all).ends_with("(declared: none yet)"));
  }
  SECTION("a legacy one that is not named asks for nothing") {
    auto asked = request("wide");
    CHECK(refusal(asked) == "");
    asked.services = {"rest"};
    CHECK(refusal(asked).starts_with("rule 'isolated': of policy 'wide', rest may be used"));
  }
  SECTION("also SSH itself") {
    auto all = catalogue();
    all.policies["wide"].services[0].exposure = Exposure::isolated;
    CHECK(refusal(request("wide"), all).starts_with("rule 'isolated': of policy 'wide', ssh may be used"));
  }
}

TEST_CASE("a managed system is clear, or the grant is refused") {
  auto all = catalogue();
  auto asked = request("systems");
  SECTION("the only one is taken") { CHECK(judge(asked)->managed_system == "s1022-a"); }
  SECTION("the only one may be named") {
    asked.managed_system = "s1022-a";
    CHECK(judge(asked)->managed_system == "s1022-a");
  }
  SECTION("an unknown one is refused") {
    asked.managed_system = "s1022-b";
    CHECK(refusal(asked) == "target 'hmc1' has no managed system 's1022-b' (known: s1022-a)");
  }
  SECTION("of several, one must be named") {
    all.targets["hmc1"].managed_systems.push_back({"s1022-b", "", {address("198.51.100.21")}});
    CHECK(refusal(asked, all) ==
          "service 'https' reaches a managed system, and target 'hmc1' lists several: name one (known: "
          "s1022-a, s1022-b)");
    asked.managed_system = "s1022-b";
    CHECK(judge(asked, all)->managed_system == "s1022-b");
  }
  SECTION("there is none") {
    all.targets["hmc1"].managed_systems.clear();
    CHECK(
        refusal(asked, all) ==
        "service 'https' reaches a managed system, and target 'hmc1' lists none (add a [[managed_system]] to "
        "targets/hmc1.toml, or use a policy without it)");
  }
  SECTION("no service needs one") {
    asked = request("wide");
    asked.managed_system = "s1022-a";
    CHECK(refusal(asked) ==
          "managed system 's1022-a' is named, but no service of policy 'wide' reaches one (leave it out, or "
          "use "
          "another policy)");
  }
  SECTION("never of a DS8000") {
    asked.target = "ds1";
    CHECK(refusal(asked) ==
          "service 'https' reaches a managed system, and of 'ds1', a DS8000, only the HMC is reached (use a "
          "policy without it)");
  }
}

TEST_CASE("where a service is forwarded, each family that the rep may come from is there to reach") {
  auto all = catalogue();
  auto asked = request("wide", {"2001:db8:9::/64", "203.0.113.7"});
  CHECK(refusal(asked) ==
        "service 'https' is forwarded, and target 'hmc1' has no IPv6 address for who comes from "
        "2001:db8:9::/64 (add one to targets/hmc1.toml, leave that network out of --from, or use a policy "
        "without it)");
  SECTION("the target has one") {
    all.targets["hmc1"].addresses.push_back(address("2001:db8::10"));
    CHECK(refusal(asked, all) == "");
  }
  SECTION("the managed system has one") {
    asked.policy = "systems";
    CHECK(refusal(asked) == "");
    all.targets["hmc1"].managed_systems[0].addresses.pop_back();
    CHECK(refusal(asked, all)
              .starts_with("service 'https' is forwarded, and managed system 's1022-a' has no IPv6 address"));
  }
  SECTION("what goes through the proxy or inside SSH needs none") {
    all.policies["wide"].services[1].carriage = Carriage::through_ssh;
    CHECK(refusal(asked, all) == "");
  }
}

TEST_CASE("I6: no service leads to the target's SSH past the recording") {
  auto all = catalogue();
  all.targets["hmc1"].ssh_port = Port{443};
  const auto refused =
      "service 'https' of policy 'wide' leads past the recording to port 443, the SSH port of target 'hmc1' "
      "(use a policy without it)";
  CHECK(refusal(request("wide"), all) == refused);
  all.policies["wide"].services[1].carriage = Carriage::through_ssh;
  CHECK(refusal(request("wide"), all) == refused);
  all.policies["wide"].services[1].transports = {Transport::udp};
  CHECK(refusal(request("wide"), all) == "");
}

TEST_CASE("a service that is carried by https needs the gate's door, and to know the target's certificate") {
  auto all = catalogue();
  all.policies["wide"].services[1].carriage = Carriage::https;
  CHECK(refusal(request("wide"), all) ==
        "service 'https' of policy 'wide' is carried by the gate's HTTPS door, and there is none (add "
        "[https] to "
        "sallyport.toml and restart the gate, or use a policy without it)");
  all.settings.https.emplace();
  CHECK(refusal(request("wide"), all) ==
        "service 'https' of policy 'wide' is carried by https, and of target 'hmc1' nothing says how its "
        "certificate is known (add [https] with 'pins' to targets/hmc1.toml, or use a policy without it)");
  all.targets["hmc1"].https.emplace();
  CHECK(names(judge(request("wide"), all)) == Names{"ssh", "https"});
  SECTION("it is enough to begin a session with") {
    auto& services = all.policies["wide"].services;
    services.erase(services.begin());
    CHECK(names(judge(request("wide"), all)) == Names{"https"});
  }
}

TEST_CASE("where the gate's HTTPS door is, no policy forwards") {
  auto all = catalogue();
  all.settings.https.emplace();
  CHECK(refusal(request("wide"), all) ==
        "service 'https' of policy 'wide' forwards port 443, where the gate's own HTTPS door is ('port' in "
        "[https]; use a policy that carries it by https, such as hmc-web)");
  all.settings.https->port = Port{8443};
  CHECK(refusal(request("wide"), all) == "");
  all.settings.https->port = Port{443};
  all.policies["wide"].services[1].transports = {Transport::udp};
  CHECK(refusal(request("wide"), all) == "");
}
