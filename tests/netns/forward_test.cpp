// Forwarded ports: who gets through, to whom, and what comes back. Runs in: tests, as root.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "firewall/live_rules.h"
#include "tests/catch.h"
#include "tests/netns/site.h"
#include "tests/netns/traffic.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPort = 5026;

struct Way {
  const char *rep, *other, *gate, *inside, *hmc, *managed;
};
constexpr Way kFour{kRep, kOther, kGate, kGateInside, kHmc, kManaged};
constexpr Way kSix{kRep6, kOther6, kGate6, kGateInside6, kHmc6, kManaged6};

std::string peer_of(const UniqueFd& socket) { return Endpoint::peer_of(socket.get()).value().address.text(); }

}  // namespace

TEST_CASE("a forwarded port carries TCP and UDP of both families to the target, every byte of it") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  INFO(way.rep << " " << to_text(transport));
  const FlowEnds ends{site.rep, way.rep, way.gate, site.hmc, way.hmc};
  CHECK_FALSE(open_flow(ends, transport, kPort));  // before
  auto lease = site.open({site.forward(way.rep, way.hmc, transport)});
  const auto flow = open_flow(ends, transport, kPort);
  REQUIRE(flow);
  CHECK(peer_of(flow->server) == way.rep);
  if (transport == Transport::tcp) CHECK(carries(*flow, 4 << 20));
  for (int i = 0; i < 20; ++i) {
    CHECK(passes(flow->client, flow->server));
    CHECK(passes(flow->server, flow->client));
  }
  lease.close();
  CHECK_FALSE(open_flow(ends, transport, kPort));  // after
  CHECK(site.inspect().empty());
}

TEST_CASE("a gate that does not know its neighbours' link addresses yet finds them, IPv6 ones too") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto forget_neighbours = [&] {
    for (const auto* host : {&site.gate, &site.hmc}) host->run("ip neigh flush all; ip -6 neigh flush all");
  };
  const auto lease = site.open({site.forward(way.rep, way.hmc), site.dial(way.hmc)});
  const auto reaches = [&](const NetNamespace& host, const char* from, const char* to, std::uint16_t port) {
    INFO(from << " to " << to);
    forget_neighbours();
    const auto listener = listen_at(site.hmc, way.hmc, port);
    CHECK(connect(host, from, to, port, listener, 3000));
  };
  reaches(site.rep, way.rep, way.gate, kPort);
  reaches(site.gate, way.inside, way.hmc, 22);
}

TEST_CASE("a gate that forwards for its sessions is nobody else's router unless it is told to be") {
  WideSite site;
  const auto lease = site.open({site.forward(kRep, kHmc), site.forward(kRep6, kHmc6)});
  const auto passes_by = [&](const char* from, const char* to) {
    return connect(site.other, from, to, 8080, listen_at(site.rep, to, 8080), 500).has_value();
  };
  CHECK_FALSE(passes_by(kOutside, kOther));
  CHECK_FALSE(passes_by(kOutside6, kOther6));
  auto router = wide_guard();
  router.transit = true;
  REQUIRE(site.guard(router));
  CHECK(passes_by(kOutside, kOther));
  CHECK(passes_by(kOutside6, kOther6));
}

TEST_CASE("the gate's own ICMP to a target is dropped, but for what finds neighbours") {
  const WideSite site;
  for (const auto* to : {kHmc, kHmc6}) {
    const bool six = to == kHmc6;
    const auto echo = [&] {
      return site.gate.in([&] {
        const UniqueFd ping{socket(six ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
                                   six ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP})};
        sockaddr_storage storage{};
        const auto length = Endpoint{address(to), 0}.to_sockaddr(storage);
        // Type 128 (RFC 4443) or 8 (RFC 792), code 0; the kernel fills in ICMPv6's checksum, this is ICMP's.
        const std::array<std::uint8_t, 8> request{
            static_cast<std::uint8_t>(six ? 128 : 8), 0, 0xf7, 0xff, 0, 0, 0, 0};
        return sendto(ping.get(), request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&storage),
                      length);
      });
    };
    CHECK(echo() == -1);
    CHECK(errno == EPERM);  // dropped at output
  }
}

TEST_CASE("a forwarded port is the rep's alone, and only that port of that transport") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  const auto lease = site.open({site.forward(way.rep, way.hmc, transport)});
  const auto reaches = [&](const NetNamespace& host, const char* from, Transport how, std::uint16_t port) {
    return open_flow({host, from, way.gate, site.hmc, way.hmc}, how, port).has_value();
  };
  const bool tcp = transport == Transport::tcp;
  CHECK(reaches(site.rep, way.rep, transport, kPort));
  CHECK_FALSE(reaches(site.rep, way.other, transport, kPort));
  CHECK_FALSE(reaches(site.other, way.rep == kRep ? kOutside : kOutside6, transport, kPort));
  CHECK_FALSE(reaches(site.rep, way.rep, transport, kPort + 1));
  CHECK_FALSE(reaches(site.rep, way.rep, tcp ? Transport::udp : Transport::tcp, kPort));
}

TEST_CASE("the target sees the gate's address if the policy asks, else the rep's") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  auto opening = site.forward(way.rep, way.hmc, transport);
  opening.translate_source = true;
  auto lease = site.open({opening});
  const auto flow = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, transport, kPort);
  REQUIRE(flow);
  CHECK(peer_of(flow->server) == (way.rep == kRep ? "198.51.100.1" : "2001:db8:1::1"));
  CHECK(passes(flow->client, flow->server));
  CHECK(passes(flow->server, flow->client));
  lease.close();
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(passes(flow->server, flow->client));
}

TEST_CASE("a forward reaches a managed system beside the HMC") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto lease = site.open({site.forward(way.rep, way.hmc, Transport::tcp, 5026),
                                site.forward(way.rep, way.managed, Transport::tcp, 5027)});
  const auto hmc = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::tcp, 5026);
  const auto managed =
      open_flow({site.rep, way.rep, way.gate, site.managed, way.managed}, Transport::tcp, 5027);
  REQUIRE((hmc && managed));
  CHECK(hmc->passes());
  CHECK(managed->passes());
}

TEST_CASE("a forward to an address of the gate's own is carried and cut like any other") {
  auto guarded = wide_guard();
  guarded.targets = {address(kGateInside), address(kGateInside6)};
  WideSite site{guarded};
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  const FlowEnds ends{site.rep, way.rep, way.gate, site.gate, way.inside};
  CHECK_FALSE(open_flow(ends, transport, kPort));
  auto lease = site.open({site.forward(way.rep, way.inside, transport)});
  const auto flow = open_flow(ends, transport, kPort);
  REQUIRE(flow);
  CHECK(passes(flow->client, flow->server));
  CHECK(passes(flow->server, flow->client));
  lease.close();
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(open_flow(ends, transport, kPort));
}

TEST_CASE("an old flow does not resume when a new session opens the same port to another target") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  auto first = site.open({site.forward(way.rep, way.hmc, transport)});
  const auto old = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, transport, kPort);
  REQUIRE(old);
  REQUIRE(passes(old->client, old->server));
  first.close();  // and nobody forgets the flow in conntrack

  const auto second = site.open({site.forward(way.rep, way.managed, transport)});
  const auto anew = open_flow({site.rep, way.rep, way.gate, site.managed, way.managed}, transport, kPort);
  REQUIRE(anew);
  CHECK(passes(anew->client, anew->server));
  CHECK_FALSE(passes(old->client, old->server));
  CHECK_FALSE(passes(old->server, old->client));
  const auto traffic = site.traffic(second);
  REQUIRE(traffic.size() == 1);
  CHECK(traffic[0].out.packets <= 2);  // what was refused is not counted as the new session's
}

TEST_CASE("of two reps' sessions to two targets on one port, one ends and the other loses no byte") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  auto ending = site.open({site.forward(way.rep, way.hmc)});
  const auto staying =
      site.open({site.forward(way.other, way.managed), site.forward(way.other, way.managed, Transport::udp)});
  const auto ends = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::tcp, kPort);
  const FlowEnds stays{site.rep, way.other, way.gate, site.managed, way.managed};
  const auto tcp = open_flow(stays, Transport::tcp, kPort), udp = open_flow(stays, Transport::udp, kPort);
  REQUIRE((ends && tcp && udp));
  bool all = false;
  std::thread transfer{[&] { all = carries(*tcp, 32 << 20); }};
  int sent = 0, arrived = 0;
  for (; sent < 400; ++sent) {
    if (sent == 200) ending.close();
    arrived += passes(udp->client, udp->server) ? 1 : 0;
  }
  transfer.join();
  CHECK(all);
  CHECK(arrived == sent);
  CHECK_FALSE(ends->passes());
}

TEST_CASE("what a rep sends through the gate to somebody else is neither translated nor counted") {
  auto router = wide_guard();
  router.transit = true;
  WideSite site{router};
  const auto lease = site.open({site.forward(kRep, kHmc), site.forward(kRep6, kHmc6)});
  const bool six = GENERATE(false, true);
  const auto* elsewhere = six ? kOutside6 : kOutside;
  const auto flow =
      open_flow({site.rep, six ? kRep6 : kRep, elsewhere, site.other, elsewhere}, Transport::tcp, kPort);
  REQUIRE(flow);
  CHECK(flow->passes());
  for (const auto& traffic : site.traffic(lease)) {
    CHECK(traffic.in.packets == 0);
    CHECK(traffic.out.packets == 0);
  }
}

TEST_CASE("neither side gets round the gate: not the rep to a target's own address, nor a target outwards") {
  WideSite site;
  const bool six = GENERATE(false, true);
  const auto lease = site.open({site.forward(six ? kRep6 : kRep, six ? kHmc6 : kHmc)});
  const auto* hmc = six ? kHmc6 : kHmc;
  const auto* rep = six ? kRep6 : kRep;
  const auto* outside = six ? kOutside6 : kOutside;
  CHECK_FALSE(open_flow({site.rep, rep, hmc, site.hmc, hmc}, Transport::tcp, kPort));
  CHECK_FALSE(open_flow({site.hmc, hmc, outside, site.other, outside}, Transport::tcp, 443));
  CHECK_FALSE(open_flow({site.hmc, hmc, outside, site.other, outside}, Transport::udp, 53));
  CHECK_FALSE(open_flow({site.hmc, hmc, rep, site.rep, rep}, Transport::tcp, kPort));
}

TEST_CASE("a link of smaller packets on either side does not swallow a forwarded flow") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto* link = GENERATE("g0", "g1");
  const auto lease = site.open({site.forward(way.rep, way.hmc)});
  site.gate.run(fmt::format("ip link set {} mtu 1300", link));
  const auto flow = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::tcp, kPort);
  REQUIRE(flow);
  CHECK(carries(*flow, 1 << 20));
}

TEST_CASE("a target's refusal reaches the rep at once: an ICMP error belongs to its flow") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto lease = site.open({site.forward(way.rep, way.hmc, Transport::udp)});
  const auto client = udp_at(site.rep, way.rep, 0);
  sockaddr_storage storage{};
  const auto length = Endpoint{address(way.gate), kPort}.to_sockaddr(storage);
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
  char byte = 0;
  REQUIRE(send(client.get(), &byte, 1, 0) == 1);  // nobody listens there
  REQUIRE(readable(client.get(), 500));
  CHECK(recv(client.get(), &byte, 1, 0) == -1);
  CHECK(errno == ECONNREFUSED);
}

TEST_CASE("a forward to a target that nothing guards is refused: closing it would stop nothing") {
  WideSite site;
  CHECK_FALSE(site.firewall->open({site.forward(kRep, kOutside)}));
  CHECK(site.inspect().empty());
}

TEST_CASE("a target that is taken off the list stays guarded while a lease leads to it") {
  WideSite site;
  auto lease = site.open({site.forward(kRep, kManaged, Transport::udp)});
  const auto flow = open_flow({site.rep, kRep, kGate, site.managed, kManaged}, Transport::udp, kPort);
  REQUIRE(flow);
  auto less = wide_guard();
  std::erase(less.targets, address(kManaged));
  REQUIRE(site.guard(less));
  CHECK(site.check_guard());
  CHECK(passes(flow->client, flow->server));
  lease.close();
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(passes(flow->server, flow->client));
  REQUIRE(site.guard(less));
  CHECK_FALSE(site.firewall->open({site.forward(kRep, kManaged)}));
}

TEST_CASE("the same port of one address to another target is refused by name, and nothing changes") {
  WideSite site;
  const auto lease = site.open({site.forward(kRep, kHmc)});
  const auto before = site.inspect();
  const auto second = site.firewall->open({site.entry(kOther), site.forward(kRep, kManaged)});
  REQUIRE_FALSE(second);
  CHECK(second.error().message().find("192.0.2.7/32 port tcp/5026: this port leads somewhere else") == 0);
  CHECK(site.inspect().size() == before.size());
  CHECK(site.open({site.forward(kRep, kHmc)}));
}

TEST_CASE("the live table read back is the one that was asked for") {
  WideSite site;
  const auto lease = site.open({site.entry(kRep), site.forward(kRep, kHmc)});
  const auto found = site.in_gate([] { return read_table(kLiveTable).value(); });
  REQUIRE(found);
  CHECK(found->shape() == live_table(kMark).shape());
  site.gate.run(
      "nft list ruleset > /dev/null; test $? -eq 0 && nft -j list ruleset > /dev/null");  // it can be read
}
