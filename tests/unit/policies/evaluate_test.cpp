// The rules of an enable request: each refusal says what is wrong and what is known.
#include "policies/evaluate.h"

#include "tests/catch.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

Catalogue catalogue() {
  Catalogue all;
  for (const auto* name : {"kim", "lee"}) all.reps[name].name = name;
  all.targets["hmc1"].name = "hmc1";
  auto& policy = all.policies["hmc-ssh"];
  policy.name = "hmc-ssh";
  policy.connect_within = 2h;
  policy.session = 8h;
  Service ssh;
  ssh.name = "ssh";
  ssh.carriage = Carriage::ssh;
  ssh.exposure = Exposure::wide;
  ssh.port = Port{22};
  policy.services = {ssh};
  return all;
}

EnableRequest request() {
  EnableRequest asked;
  asked.rep = "kim";
  asked.target = "hmc1";
  asked.policy = "hmc-ssh";
  asked.networks = {"203.0.113.0/24"};
  return asked;
}

bool everybody(const Rep&, ResponseMethod) { return true; }
bool nobody(const Rep&, ResponseMethod) { return false; }

std::string refusal(const EnableRequest& asked, const Catalogue& all = catalogue()) {
  const auto permit = evaluate(all, asked, everybody);
  return permit ? "" : permit.error().message();
}

}  // namespace

TEST_CASE("a good request is permitted, with defaults filled in") {
  auto all = catalogue();
  const auto permit = evaluate(all, request(), everybody);
  REQUIRE(permit);
  CHECK(permit->connect_within == 30min);
  CHECK(permit->session == 4h);
  CHECK(permit->idle == 30min);
  CHECK(permit->failed_logins == 10);
  CHECK(permit->networks == std::vector<Network>{*Network::parse("203.0.113.0/24")});
  SECTION("a default never exceeds the policy") {
    all.policies["hmc-ssh"].connect_within = 10min;
    all.policies["hmc-ssh"].session = 1h;
    CHECK(evaluate(all, request(), everybody)->connect_within == 10min);
    CHECK(evaluate(all, request(), everybody)->session == 1h);
  }
}

TEST_CASE("unknown names are refused with the known ones") {
  auto asked = request();
  SECTION("rep") {
    asked.rep = "kin";
    CHECK(refusal(asked) == "no rep 'kin' (known: kim, lee)");
  }
  SECTION("target") {
    asked.target = "hmc2";
    CHECK(refusal(asked) == "no target 'hmc2' (known: hmc1)");
  }
  SECTION("policy") {
    asked.policy = "x\x1b";
    CHECK(refusal(asked) == "no policy 'x\\x1b' (known: hmc-ssh)");
  }
  SECTION("none") {
    asked.rep = "";
    CHECK(refusal(asked) == "no rep is named (known: kim, lee)");
  }
  SECTION("an empty catalogue") { CHECK(refusal(asked, Catalogue{}) == "no rep 'kim' (known: none yet)"); }
}

TEST_CASE("a rep without a secret is refused with what to run") {
  CHECK(evaluate(catalogue(), request(), nobody).error().message() ==
        "rep 'kim' is not enrolled and could not answer a challenge (run: sallyport rep enroll kim)");
}

TEST_CASE("networks must be places that somebody comes from") {
  auto asked = request();
  const auto refused = [&](std::vector<std::string> networks) {
    asked.networks = std::move(networks);
    return refusal(asked);
  };
  CHECK(refused({}) == "no source network is named (expected e.g. 203.0.113.0/24)");
  CHECK(refused({"0.0.0.0/0"}) ==
        "network 0.0.0.0/0 is too wide: name where the rep comes from, at most a /8 of IPv4");
  CHECK(refused({"203.0.113.0/24", "::/0"}) ==
        "network ::/0 is too wide: name where the rep comes from, at most a /16 of IPv6");
  CHECK(refused({"10.0.0.0/7"}).find("too wide") != std::string::npos);
  CHECK(refused({"203.0.113.7/24"}).find("host bits") != std::string::npos);
  CHECK(refused({"somewhere"}).find("not an IP address") != std::string::npos);
  CHECK(refused({"10.0.0.0/8", "2001::/16"}) == "");
  CHECK(refused(std::vector<std::string>(65, "192.0.2.1")).find("at most 64") != std::string::npos);
}

TEST_CASE("networks within others are dropped") {
  auto asked = request();
  asked.networks = {"192.0.2.9", "192.0.2.0/24", "2001:db8::/32", "192.0.2.0/24"};
  CHECK(evaluate(catalogue(), asked, everybody)->networks ==
        std::vector<Network>{*Network::parse("192.0.2.0/24"), *Network::parse("2001:db8::/32")});
}

TEST_CASE("times must be more than zero and within the policy") {
  auto asked = request();
  SECTION("to connect: zero") {
    asked.connect_within = 0s;
    CHECK(refusal(asked) == "time to connect must be more than 0 (policy 'hmc-ssh' allows up to 2h)");
  }
  SECTION("to connect: negative") {
    asked.connect_within = -5s;
    CHECK(refusal(asked) != "");
  }
  SECTION("to connect: the limit itself") {
    asked.connect_within = 2h;
    CHECK(refusal(asked) == "");
  }
  SECTION("to connect: over") {
    asked.connect_within = 2h + 1s;
    CHECK(refusal(asked) == "time to connect of 2h1s is over the limit of policy 'hmc-ssh' (2h)");
  }
  SECTION("session: over") {
    asked.session = 9h;
    CHECK(refusal(asked) == "session length of 9h is over the limit of policy 'hmc-ssh' (8h)");
  }
  SECTION("session: zero") {
    asked.session = 0s;
    CHECK(refusal(asked) != "");
  }
}

TEST_CASE("notes are short and readable") {
  auto asked = request();
  SECTION("too long") {
    asked.reason = std::string(257, 'x');
    CHECK(refusal(asked) == "reason has 257 bytes (at most 256)");
  }
  SECTION("control characters") {
    asked.ticket = "T\n1";
    CHECK(refusal(asked) == "ticket holds control characters or is not UTF-8");
  }
  SECTION("not UTF-8") {
    asked.ticket = "\xff";
    CHECK(refusal(asked) != "");
  }
  SECTION("good") {
    asked.reason = "PMR 1 \\ caf\xc3\xa9";
    CHECK(refusal(asked) == "");
  }
}

TEST_CASE("a policy that offers nothing to this request is refused") {
  auto all = catalogue();
  auto& policy = all.policies["hmc-ssh"];
  SECTION("no service") { policy.services.clear(); }
  SECTION("legacy, and not named") { policy.services[0].legacy = true; }
  SECTION("none with carriage ssh") { policy.services[0].carriage = Carriage::forward; }
  CHECK(refusal(request(), all).starts_with("policy 'hmc-ssh' offers no service"));
}

TEST_CASE("a policy that wants verified users says so in the permit") {
  auto all = catalogue();
  CHECK_FALSE(evaluate(all, request(), everybody)->user_verification);
  all.policies["hmc-ssh"].user_verification = true;
  CHECK(evaluate(all, request(), everybody)->user_verification);
}

TEST_CASE("a policy's challenge methods bind") {
  auto all = catalogue();
  all.policies["hmc-ssh"].methods.clear();
  CHECK(refusal(request(), all) ==
        "policy 'hmc-ssh' does not allow the challenge method of rep 'kim' (ocra)");
}

TEST_CASE("WebAuthn is for the HTTPS door: each door that opens is asked about by itself") {
  auto all = catalogue();
  all.settings.https = HttpsDoor{};
  all.targets["hmc1"].https.emplace();
  auto& policy = all.policies["hmc-ssh"];
  auto& kim = all.reps["kim"];
  auto https = policy.services[0];
  https.name = "https";
  https.carriage = Carriage::https;
  https.port = Port{443};
  policy.methods = {ResponseMethod::ocra, ResponseMethod::webauthn};
  kim.webauthn = true;
  SECTION("only WebAuthn, only SSH: nobody could log in") {
    kim.method = ResponseMethod::webauthn;
    CHECK(refusal(request(), all).starts_with("rep 'kim' could not answer at a door of policy 'hmc-ssh'"));
  }
  SECTION("only WebAuthn, both doors: by one of them") {
    kim.method = ResponseMethod::webauthn;
    policy.services.push_back(https);
    CHECK(refusal(request(), all) == "");
    policy.methods = {ResponseMethod::ocra};
    CHECK(refusal(request(), all) ==
          "policy 'hmc-ssh' does not allow the challenge method of rep 'kim' (webauthn)");
  }
  SECTION("both methods: each at its door, and both must be allowed there") {
    CHECK(refusal(request(), all) == "");
    policy.methods = {ResponseMethod::ocra};
    CHECK(refusal(request(), all) == "");
    policy.services.push_back(https);
    CHECK(refusal(request(), all).ends_with("(webauthn)"));
    policy.methods = {ResponseMethod::webauthn};
    CHECK(refusal(request(), all).ends_with("(ocra)"));
  }
  SECTION("both methods, the HTTPS door alone, and no key for it any more") {
    policy.services = {https};
    const auto only_ocra = [](const Rep&, ResponseMethod method) { return method == ResponseMethod::ocra; };
    CHECK_FALSE(evaluate(all, request(), only_ocra));
    CHECK(evaluate(all, request(), everybody));
  }
}

TEST_CASE("one method a door") {
  Rep rep;
  CHECK(method_at(rep, Carriage::ssh) == ResponseMethod::ocra);
  CHECK(method_at(rep, Carriage::https) == ResponseMethod::ocra);
  rep.webauthn = true;
  CHECK(method_at(rep, Carriage::ssh) == ResponseMethod::ocra);
  CHECK(method_at(rep, Carriage::https) == ResponseMethod::webauthn);
  rep.method = ResponseMethod::webauthn;
  CHECK(method_at(rep, Carriage::ssh) == std::nullopt);
}
