// Ways round a forwarded port: straight to the target, by a flow that is left over, by the host's own
// translations, by somebody else's mark. Runs in: tests, as root.
#include <sys/socket.h>

#include "tests/catch.h"
#include "tests/netns/site.h"
#include "tests/netns/traffic.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPort = 5026;

struct Way {
  const char *rep, *gate, *hmc, *managed, *outside, *family;
};
constexpr Way kFour{kRep, kGate, kHmc, kManaged, kOutside, "ip"};
constexpr Way kSix{kRep6, kGate6, kHmc6, kManaged6, kOutside6, "ip6"};

Guarded router() {
  auto guarded = wide_guard();
  guarded.transit = true;
  return guarded;
}

// The host's own rule, before ours: what is for the gate's forwarded port goes there.
void lead_elsewhere(const NetNamespace& gate, const Way& way, const std::string& where) {
  gate.run(
      fmt::format("nft 'table inet host {{ chain c {{ type nat hook prerouting priority -110; {} daddr "
                  "{} meta l4proto {{ tcp, udp }} th dport {} {}; }}; }}'",
                  way.family, way.gate, kPort, where));
}

// As a host does that keeps marks in conntrack, or that uses our bit for something else.
void mark_everything(const NetNamespace& gate, int priority) {
  gate.run(
      fmt::format("nft 'table inet marker {{ chain c {{ type filter hook prerouting priority {}; meta "
                  "mark set meta mark or {:#x}; }}; }}'",
                  priority, kMark));
}

bool passes_either_way(const Flow& flow) {
  const bool there = passes(flow.client, flow.server);  // both, always
  return passes(flow.server, flow.client) || there;
}

}  // namespace

TEST_CASE("straight to a target's address nothing goes, in a session with it, by any mark (I3)") {
  const bool transit = GENERATE(false, true);
  const auto way = GENERATE(kFour, kSix);
  WideSite site{transit ? router() : wide_guard()};
  const auto lease = site.open({site.forward(way.rep, way.hmc, Transport::udp)});
  const FlowEnds straight{site.rep, way.rep, way.hmc, site.hmc, way.hmc};
  CHECK_FALSE(open_flow(straight, Transport::udp, kPort));
  mark_everything(site.gate, GENERATE(-160, -145));
  CHECK_FALSE(open_flow(straight, Transport::udp, kPort));
  CHECK(open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::udp, kPort));
}

TEST_CASE("a flow straight to a target from before the gate was guarded ends with it, session or not") {
  WideSite site{Guarded{}};
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  const auto flow = open_flow({site.rep, way.rep, way.hmc, site.hmc, way.hmc}, transport, kPort);
  REQUIRE(flow);
  REQUIRE(passes_either_way(*flow));
  REQUIRE(site.guard(GENERATE(false, true) ? router() : wide_guard()));
  CHECK_FALSE(passes_either_way(*flow));
  const auto lease = site.open({site.forward(way.rep, way.hmc, transport)});
  CHECK_FALSE(passes_either_way(*flow));
}

TEST_CASE("an old flow to a target does not resume when its port has become the gate's own") {
  const bool transit = GENERATE(false, true);
  const auto way = GENERATE(kFour, kSix);
  WideSite site{transit ? router() : wide_guard()};
  auto first = site.open({site.forward(way.rep, way.hmc, Transport::udp)});
  const auto old = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::udp, kPort);
  REQUIRE(old);
  first.close();
  const auto* network = way.rep == kRep ? "192.0.2.0/24" : "2001:db8::/64";
  const auto* from = GENERATE(false, true) ? network : way.rep;
  const auto second = site.open({site.entry(from, 1min, kPort, Transport::udp)});
  CHECK(open_flow({site.rep, way.rep, way.gate, site.gate, way.gate}, Transport::udp, kPort));
  CHECK_FALSE(passes_either_way(*old));
}

TEST_CASE("an old flow stays closed on a host that routes for others, to a target that is no longer one") {
  WideSite site{router()};
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  auto lease = site.open({site.forward(way.rep, way.managed, transport)});
  const auto flow = open_flow({site.rep, way.rep, way.gate, site.managed, way.managed}, transport, kPort);
  REQUIRE(flow);
  REQUIRE(passes_either_way(*flow));
  lease.close();
  auto less = router();
  std::erase(less.targets, address(way.managed));
  REQUIRE(site.guard(less));
  CHECK_FALSE(passes_either_way(*flow));
  site.firewall.reset();  // nor when the daemon is gone
  CHECK_FALSE(passes_either_way(*flow));
}

TEST_CASE("a mark of somebody else's does not keep an old flow going while the gate watches") {
  const bool transit = GENERATE(false, true);
  const auto way = GENERATE(kFour, kSix);
  WideSite site{transit ? router() : wide_guard()};
  auto lease = site.open({site.forward(way.rep, way.hmc, Transport::udp)});
  const auto flow = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::udp, kPort);
  REQUIRE(flow);
  lease.close();
  mark_everything(site.gate, GENERATE(-160, -145));
  CHECK_FALSE(passes_either_way(*flow));
}

TEST_CASE(
    "what the host itself makes of the gate's port is open as long as the port, of a forwarded one never") {
  WideSite site{GENERATE(false, true) ? router() : wide_guard()};
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  lead_elsewhere(site.gate, way, "redirect to :8080");
  const auto reach = [&] {
    if (transport == Transport::tcp)
      return connect(site.rep, way.rep, way.gate, kPort, listen_at(site.gate, way.gate, 8080));
    return udp_flow(site.rep, way.rep, way.gate, kPort, udp_at(site.gate, way.gate, 8080));
  };
  CHECK_FALSE(reach());
  {
    const auto forwarded = site.open({site.forward(way.rep, way.hmc, transport)});
    CHECK_FALSE(reach());
  }
  auto lease = site.open({site.entry(way.rep, 1min, kPort, transport)});
  const auto flow = reach();
  REQUIRE(flow);
  CHECK(passes(flow->client, flow->server));
  lease.close();
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(reach());
  site.firewall.reset();
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(reach());
}

TEST_CASE("the host's own translation leads no session to another host or another port") {
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  const auto where_to = [&](const char* host, std::uint16_t port) {
    return way.rep == kRep ? fmt::format("dnat ip to {}:{}", host, port)
                           : fmt::format("dnat ip6 to [{}]:{}", host, port);
  };
  SECTION("the same port of somebody whom no session leads to, through a host that routes for others") {
    WideSite site{router()};
    lead_elsewhere(site.gate, way, where_to(way.outside, kPort));
    CHECK_FALSE(open_flow({site.rep, way.rep, way.gate, site.other, way.outside}, transport, kPort));
    const auto lease = site.open({site.forward(way.rep, way.hmc, transport)});
    CHECK_FALSE(open_flow({site.rep, way.rep, way.gate, site.other, way.outside}, transport, kPort));
  }
  SECTION("another port of the target") {
    WideSite site;
    lead_elsewhere(site.gate, way, where_to(way.hmc, 8080));
    const auto lease = site.open({site.forward(way.rep, way.hmc, transport)});
    const auto flow = transport == Transport::tcp
                          ? connect(site.rep, way.rep, way.gate, kPort, listen_at(site.hmc, way.hmc, 8080))
                          : udp_flow(site.rep, way.rep, way.gate, kPort, udp_at(site.hmc, way.hmc, 8080));
    CHECK_FALSE(flow);
  }
}

TEST_CASE("a target in a session opens no flow to the rep from the session's port") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto* inside = way.rep == kRep ? kGateInside : kGateInside6;
  const auto lease = site.open({site.forward(way.rep, way.hmc, Transport::udp)});
  site.gate.run(
      fmt::format("nft 'table inet host {{ chain c {{ type nat hook prerouting priority -110; {0} "
                  "daddr {1} udp dport 9999 dnat {0} to {2}; }}; }}'",
                  way.family, inside, way.rep));
  const auto server = udp_at(site.rep, way.rep, 9999);
  const auto client = udp_at(site.hmc, way.hmc, kPort);
  const auto* to = GENERATE(false, true) ? inside : way.rep;  // by the host's own translation, or straight
  sockaddr_storage storage{};
  const auto length = Endpoint{address(to), 9999}.to_sockaddr(storage);
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
  CHECK_FALSE(passes(client, server));
}

TEST_CASE("who is let in to the gate's port by another address of the host's is cut like everybody else") {
  WideSite site;
  const char* const shown = "192.0.2.99";
  site.gate.run(
      fmt::format("ip addr add {}/24 dev g0; nft 'table inet host {{ chain c {{ type nat hook "
                  "prerouting priority -110; ip daddr {} tcp dport 22 dnat ip to {}; }}; }}'",
                  shown, shown, kGate));
  const auto listener = listen_at(site.gate, kGate, 22);
  CHECK_FALSE(connect(site.rep, kRep, shown, 22, listener));
  auto lease = site.open({site.entry(GENERATE(false, true) ? "192.0.2.0/29" : kRep)});
  const auto flow = connect(site.rep, kRep, shown, 22, listener, 1000);
  REQUIRE(flow);
  CHECK(flow->passes());
  CHECK_FALSE(connect(site.rep, kOther, shown, 22, listener));
  lease.close();
  CHECK_FALSE(flow->passes());
}
