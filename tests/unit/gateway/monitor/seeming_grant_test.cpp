// What a name without a grant is told of must not tell it apart (I11). Runs in: tests.
#include "gateway/monitor/seeming_grant.h"

#include <set>

#include "auth/challenge_text.h"
#include "tests/catch.h"

using namespace sallyport;

namespace {

const Secret kKey{std::string_view{"the gate's own"}};
const Address kHere = *Address::parse("192.0.2.7");

Grant grant(const char* id, const char* target, const char* network = "192.0.2.0/24",
            std::vector<std::string> services = {"ssh"}) {
  Grant made;
  made.id = GrantId{id};
  made.rep = "kim";
  made.target = target;
  made.networks = {*Network::parse(network)};
  for (auto& name : services) {
    made.services.emplace_back();
    made.services.back().name = std::move(name);
  }
  return made;
}

Grants grants(const std::vector<Grant>& list) {
  Grants all;
  for (const auto& one : list) all.emplace(one.id, one);
  return all;
}

SeemingGrant seen_by(const char* name, const Grants& live, const char* target = "", Address source = kHere) {
  return seeming_for({name, target, source}, live, kKey);
}

}  // namespace

TEST_CASE("a rep sees the grant itself") {
  const auto seen = seeming(grant("g-0123456z", "hmc1", "192.0.2.0/24", {"ssh", "https"}));
  CHECK(seen.id == "g-0123456z");
  CHECK(seen.rep == "kim");
  CHECK(seen.target == "hmc1");
  CHECK(seen.services == std::vector<std::string>{"ssh", "https"});
}

TEST_CASE("I11: a made-up grant has the shape of a real one and stays the same while a real one lives") {
  const auto live = grants({grant("g-0123456z", "hmc1", "192.0.2.0/24", {"ssh", "https"})});
  const auto seen = seen_by("zed", live);
  CHECK(seen.id.size() == 10);
  CHECK(seen.id.starts_with("g-"));
  CHECK(seen.id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 2) == std::string::npos);
  CHECK(seen.id != "g-0123456z");
  CHECK(seen.rep == "zed");
  CHECK(seen.target == "hmc1");
  CHECK(seen.services == std::vector<std::string>{"ssh", "https"});
  CHECK(seen_by("zed", live).id == seen.id);
  CHECK(seen_by("amy", live).id != seen.id);
  CHECK_FALSE(seen.user_verification);
  auto verified = grant("g-0123456z", "hmc1");
  verified.user_verification = true;
  CHECK(seen_by("zed", grants({verified})).user_verification);
  CHECK(seeming(verified).user_verification);
  CHECK(seen_by("zed", grants({grant("g-abcdefgh", "hmc1")})).id != seen.id);  // another one, another id
}

TEST_CASE("I11: with and without its target named a made-up grant is the same, as a real one is") {
  const auto live = grants({grant("g-0123456z", "hmc1"), grant("g-abcdefgh", "hmc2")});
  for (const auto* const name : {"zed", "amy", "kim", "lee", "sam"}) {
    const auto seen = seen_by(name, live);
    CHECK(seen_by(name, live, seen.target.c_str()).id == seen.id);
    const auto* const other = seen.target == "hmc1" ? "hmc2" : "hmc1";
    CHECK(seen_by(name, live, other).target == other);
    CHECK(seen_by(name, live, other).id != seen.id);
    CHECK(seen_by(name, live, "hmc9").target == "hmc9");
    CHECK(seen_by(name, live, "hmc9").id != seen.id);
  }
}

TEST_CASE("I11: names are spread over the live grants that admit the source") {
  const auto live = grants({grant("g-0123456z", "hmc1"), grant("g-abcdefgh", "hmc2"),
                            grant("g-zzzzzzzz", "hmc3", "198.51.100.0/24")});
  std::set<std::string> targets;
  for (int i = 0; i < 60; ++i) targets.insert(seen_by(("guess" + std::to_string(i)).c_str(), live).target);
  CHECK(targets == std::set<std::string>{"hmc1", "hmc2"});
}

TEST_CASE("a grant that is not armed is none to be bound to") {
  auto used = grant("g-0123456z", "hmc1");
  used.state = GENERATE(GrantState::active, GrantState::expired, GrantState::pending);
  const auto seen = seen_by("zed", grants({used}));
  CHECK(seen.target == "hmc");
  CHECK(seen.services == std::vector<std::string>{"ssh"});
  CHECK(seen.id.size() == 10);
}

TEST_CASE("whatever a peer calls itself, its challenge can be written") {
  const std::string name = GENERATE("", " ", "a b", "k\nrep: kim", "\x1b[2J", "\xc3\xa4",
                                    std::string(200, 'n'), std::string("a\0b", 3), "kim,lee");
  for (const auto& target : {std::string{}, name}) {
    const auto seen = seeming_for({name, target, kHere}, grants({grant("g-0123456z", "hmc1")}), kKey);
    ChallengeText challenge;
    challenge.gateway = "gw1";
    challenge.host_key = "SHA256:" + std::string(43, 'k');
    challenge.grant = seen.id;
    challenge.rep = seen.rep;
    challenge.target = seen.target;
    challenge.services = seen.services;
    challenge.expires += std::chrono::seconds{120};
    challenge.nonce = std::string(32, '0');
    CHECK(compose(challenge));
  }
}
