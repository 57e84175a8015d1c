// How forwarded flows end: at once, in both directions, whatever ends them; and what is left of them.
// Runs in: tests, as root.
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "firewall/live_table.h"
#include "tests/catch.h"
#include "tests/netns/site.h"
#include "tests/netns/traffic.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPort = 5026;
using Milliseconds = std::chrono::duration<double, std::milli>;
// A sanitized program on a busy machine needs room between reading the clock and acting; what is killed is
// not sanitized. tests/bench has the figures.
#if defined(__SANITIZE_ADDRESS__)
constexpr Milliseconds kRoom = 50ms;
#else
constexpr Milliseconds kRoom = 10ms;
#endif
constexpr Milliseconds kRoomToDie = 10ms;

struct Way {
  const char *rep, *gate, *hmc;
};
constexpr Way kFour{kRep, kGate, kHmc};
constexpr Way kSix{kRep6, kGate6, kHmc6};

// Streams both ways through the gate, cuts them, and says how long after that the last packet came through on
// either side.
template <class Cut>
Milliseconds last_packet_after(const Network3& site, const Flow& flow, Transport transport, const Cut& cut) {
  Tap at_hmc{site.hmc, "h0", transport, kPort}, at_rep{site.rep, "r0", transport, kPort};
  const Stream stream{flow};
  std::this_thread::sleep_for(100ms);
  CHECK(at_hmc.drain().packets > 50);  // there were streams to cut
  CHECK(at_rep.drain().packets > 50);
  const auto when = std::chrono::system_clock::now();
  cut();
  std::this_thread::sleep_for(600ms);
  const auto hmc = at_hmc.drain(), rep = at_rep.drain();
  return std::max({Milliseconds{0}, Milliseconds{hmc.last - when}, Milliseconds{rep.last - when}});
}

}  // namespace

TEST_CASE("established TCP and streaming UDP are cut in both directions when their lease is closed") {
  WideSite site;
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  const bool translated = GENERATE(false, true);
  auto opening = site.forward(way.rep, way.hmc, transport);
  opening.translate_source = translated;
  auto lease = site.open({opening});
  const auto flow = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, transport, kPort);
  REQUIRE(flow);
  const auto took = last_packet_after(site, *flow, transport, [&] { lease.close(); });
  std::cout << "last packet " << took.count() << " ms after the close\n";
  CHECK(took < kRoom);
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(passes(flow->server, flow->client));
}

TEST_CASE("a deadline cuts a forwarded flow without anybody's help") {
  WideSite site;
  auto opening = site.forward(kRep, kHmc, Transport::udp);
  opening.until = site.clock.boot() + 600ms;
  const auto lease = site.open({opening});
  const auto flow = open_flow({site.rep, kRep, kGate, site.hmc, kHmc}, Transport::udp, kPort);
  REQUIRE(flow);
  CHECK(passes(flow->client, flow->server));
  std::this_thread::sleep_for(700ms);
  CHECK_FALSE(passes(flow->client, flow->server));
  CHECK_FALSE(passes(flow->server, flow->client));
  CHECK(site.inspect().empty());
}

namespace {

// tests/netns/owner.cpp in the gate, with its port open.
pid_t start_owner(const Network5& site, const Way& way, Transport transport) {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const UniqueFd from_owner{ready[0]};
  UniqueFd to_test{ready[1]};
  const pid_t owner = fork();
  if (owner == 0)
    site.gate.in([&] {
      dup2(to_test.get(), STDOUT_FILENO);
      const auto port = std::to_string(kPort);
      execl(NETNS_OWNER, NETNS_OWNER, way.gate, way.rep, way.hmc, to_text(transport), port.c_str(), nullptr);
      _exit(EXIT_FAILURE);
    });
  REQUIRE(owner > 0);
  to_test = {};
  char line = 0;
  REQUIRE(readable(from_owner.get(), 5000));
  REQUIRE(read(from_owner.get(), &line, 1) == 1);
  return owner;
}

}  // namespace

TEST_CASE("SIGKILL of the owner cuts forwarded flows in both directions (I4)") {
  const Network5 site;
  const auto way = GENERATE(kFour, kSix);
  const auto transport = GENERATE(Transport::tcp, Transport::udp);
  std::array<Milliseconds, 3> took{};
  for (auto& one : took) {
    const auto owner = start_owner(site, way, transport);
    const auto flow = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, transport, kPort);
    REQUIRE(flow);
    one = last_packet_after(site, *flow, transport, [&] { kill(owner, SIGKILL); });
    CHECK_FALSE(passes(flow->client, flow->server));
    CHECK_FALSE(passes(flow->server, flow->client));
    waitpid(owner, nullptr, 0);
  }
  std::ranges::sort(took);
  std::cout << "last packet " << took[0].count() << " to " << took[2].count()
            << " ms after SIGKILL of the owner\n";
  CHECK(took[1] < kRoomToDie);  // a busy machine delays one of them; tests/bench has the worst of twenty
  CHECK(took[2] < 100ms);
}

TEST_CASE("packets and bytes are counted for each service, direction and rep") {
  WideSite site;
  const bool six = GENERATE(false, true);
  const Way way = six ? kSix : kFour;
  const auto forward = site.forward(way.rep, way.hmc, Transport::udp);
  auto lease = site.open({forward, site.entry(way.rep, 1min, 161, Transport::udp), site.dial(way.hmc)});
  const auto of_other = site.open({site.forward(six ? kOther6 : kOther, way.hmc, Transport::udp)});
  const auto routed = open_flow({site.rep, way.rep, way.gate, site.hmc, way.hmc}, Transport::udp, kPort);
  const auto local = open_flow({site.rep, way.rep, way.gate, site.gate, way.gate}, Transport::udp, 161);
  REQUIRE((routed && local));
  const std::string data(100, 'd');
  for (const auto* flow : {&*routed, &*local}) {
    for (int i = 0; i < 7; ++i) REQUIRE(send(flow->client.get(), data.data(), data.size(), 0) == 100);
    for (int i = 0; i < 5; ++i) REQUIRE(send(flow->server.get(), data.data(), data.size(), 0) == 100);
  }
  REQUIRE(readable(local->client.get(), 500));
  const std::uint64_t header = six ? 48 : 28;
  const Volume in{8, 7 * (100 + header) + 1 + header}, out{5, 5 * (100 + header)};
  auto traffic = site.traffic(lease);
  REQUIRE(traffic.size() == 2);
  for (const auto& one : traffic) {
    CHECK(one.in == in);
    CHECK(one.out == out);
  }
  CHECK(traffic[0].port == Port{kPort});
  CHECK(traffic[1].port == Port{161});
  REQUIRE(site.traffic(of_other).size() == 1);
  CHECK(site.traffic(of_other)[0].in == Volume{});

  SECTION("what is held shows them, and whose it is") {
    const auto held = site.held();
    CHECK(held.size() == 6);  // forward 2, entry 1, dial 1, the other's forward 2
    for (const auto& one : held) {
      const bool others = one.key.find(six ? kOther6 : kOther) == 0;
      CHECK(one.leases == std::vector{others ? of_other.id() : lease.id()});
      CHECK(one.left > 50s);
      if (one.set.find("dial") == 0) {
        CHECK_FALSE(one.in);
      } else if (!others) {
        REQUIRE((one.in && one.out));
        CHECK(*one.in == in);
        CHECK(*one.out == out);
      }
    }
    CHECK(site.residue().empty());
  }
  SECTION("another deadline goes on counting, a new session starts anew") {
    auto longer = forward;
    longer.until += 1min;
    REQUIRE(site.firewall->change(lease, {longer}));
    CHECK(site.traffic(lease)[0].in == in);
    lease.close();
    const auto again = site.open({forward});
    CHECK(site.traffic(again)[0].in == Volume{});
  }
}

TEST_CASE("a kernel older than 6.3 forgets meters too, whether a packet came or not") {
  WideSite site;
  site.firewall.reset();
  auto live = site.in_gate([] { return LiveTable::create(kMark, {address(kGate)}); });
  REQUIRE(live);
  if (GENERATE(false, true)) live->assume_old_kernel();
  const auto now = site.clock.boot();
  Holdings::Difference open, close;
  for (const auto& opening : {site.forward(kRep, kHmc, Transport::udp), site.forward(kRep, kHmc)})
    open.add.push_back(passage_of(opening));
  close.remove = open.add;
  REQUIRE(live->apply(open, now));
  REQUIRE(open_flow({site.rep, kRep, kGate, site.hmc, kHmc}, Transport::udp, kPort));
  const auto read = [&](const Passage& passage) { return live->volume(Meters::in, passage).value().packets; };
  CHECK(read(open.add[0]) == 1);
  CHECK(read(open.add[1]) == 0);
  REQUIRE(live->apply(close, now));
  CHECK(site.in_gate([] { return read_elements(kLiveTable).value(); }).size() == 1);  // the gate's address
}

TEST_CASE("only the flows of the closed forwards are forgotten, by exact tuple") {
  WideSite site;
  const bool six = GENERATE(false, true);
  const bool translated = GENERATE(false, true);
  const auto* rep = six ? kRep6 : kRep;
  const auto* other = six ? kOther6 : kOther;
  const auto* gate = six ? kGate6 : kGate;
  const auto* hmc = six ? kHmc6 : kHmc;
  const auto* managed = six ? kManaged6 : kManaged;
  auto tcp = site.forward(rep, hmc), udp = site.forward(rep, hmc, Transport::udp);
  tcp.translate_source = udp.translate_source = translated;
  auto lease = site.open({tcp, udp});
  const auto kept = site.open({site.forward(rep, managed, Transport::tcp, 5027), site.forward(other, hmc)});
  const auto a = open_flow({site.rep, rep, gate, site.hmc, hmc}, Transport::tcp, kPort);
  const auto b = open_flow({site.rep, rep, gate, site.hmc, hmc}, Transport::udp, kPort);
  const auto c = open_flow({site.rep, rep, gate, site.managed, managed}, Transport::tcp, 5027);
  const auto d = open_flow({site.rep, other, gate, site.hmc, hmc}, Transport::tcp, kPort);
  REQUIRE((a && b && c && d));
  const auto entries = [&] {
    const auto text =
        site.gate.output_of(six ? "conntrack -L -f ipv6 2>/dev/null" : "conntrack -L 2>/dev/null");
    const auto count = [&](const std::string& part) {
      long found = 0;
      for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
      return found;
    };
    return std::pair{count("dport=5026 "), count("dport=5027 ")};
  };
  REQUIRE(entries() == std::pair{3L, 1L});
  lease.close();
  CHECK(site.in_gate([&] { return site.firewall->forget_flows({tcp, udp}).value(); }) == 2);
  CHECK(entries() == std::pair{1L, 1L});
  CHECK(site.in_gate([&] { return site.firewall->forget_flows({tcp, udp}).value(); }) == 0);
  CHECK(c->passes());
  CHECK(d->passes());
  CHECK(site.residue().empty());
}
