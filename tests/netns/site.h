// Site: the hosts, with a gate whose firewall is up. Runs in: tests, as root.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "firewall/nft_firewall.h"
#include "tests/catch.h"
#include "tests/netns/network.h"

namespace sallyport {

constexpr std::uint32_t kMark = 0x10000000;
constexpr const char* kRep = "192.0.2.7";
constexpr const char* kOther = "192.0.2.8";
constexpr const char* kGate = "192.0.2.1";
constexpr const char* kHmc = "198.51.100.10";
constexpr const char* kGateInside = "198.51.100.1";
constexpr const char* kManaged = "10.77.0.20";
constexpr const char* kOutside = "203.0.113.7";
constexpr const char* kRep6 = "2001:db8::7";
constexpr const char* kOther6 = "2001:db8::8";
constexpr const char* kGate6 = "2001:db8::1";
constexpr const char* kHmc6 = "2001:db8:1::10";
constexpr const char* kGateInside6 = "2001:db8:1::1";
constexpr const char* kManaged6 = "fd00:77::20";
constexpr const char* kOutside6 = "2001:db8:2::7";

inline Guarded usual_guard() {
  return {{{address(kGate), Transport::tcp, Port{22}},
           {address("2001:db8::1"), Transport::tcp, Port{22}},
           {address(kGate), Transport::udp, Port{161}}},
          {address(kHmc), address("2001:db8:1::10")}};
}

// As usual_guard(), with the managed system, and with ports that are forwarded.
inline Guarded wide_guard() {
  auto guarded = usual_guard();
  for (const auto* gate : {kGate, kGate6})
    for (const auto transport : {Transport::tcp, Transport::udp})
      guarded.services.push_back({address(gate), transport, Port{5026}});
  guarded.targets.push_back(address(kManaged));
  guarded.targets.push_back(address(kManaged6));
  guarded.transit = false;
  return guarded;
}

// Hosts, with the gate guarded and nothing open.
template <class Hosts>
struct BasicSite : Hosts {
  SystemClock clock;
  std::unique_ptr<NftFirewall> firewall;

  explicit BasicSite(const Guarded& guarded) {
    in_gate([&] {
      auto made = NftFirewall::create(clock, kMark);
      INFO((made ? "" : made.error().message()));
      REQUIRE(made);
      firewall = *std::move(made);
      const auto done = firewall->guard(guarded);
      INFO((done ? "" : done.error().message()));
      REQUIRE(done);
    });
  }
  Opening entry(const char* network, std::chrono::milliseconds lives = std::chrono::minutes{1},
                std::uint16_t port = 22, Transport transport = Transport::tcp) const {
    return {Opening::Way::entry, Network::parse(network).value(), transport, Port{port},
            clock.boot() + lives};
  }
  Opening dial(const char* to, std::chrono::milliseconds lives = std::chrono::minutes{1}) const {
    return {Opening::Way::dial, Network::parse(to).value(), Transport::tcp, Port{22}, clock.boot() + lives};
  }
  Opening forward(const char* from, const char* to, Transport transport = Transport::tcp,
                  std::uint16_t port = 5026) const {
    return {Opening::Way::forward,
            Network::parse(from).value(),
            transport,
            Port{port},
            clock.boot() + std::chrono::minutes{1},
            address(to)};
  }
  Lease open(const std::vector<Opening>& openings) {
    auto lease = firewall->open(openings);
    INFO((lease ? "" : lease.error().message()));
    REQUIRE(lease);
    return *std::move(lease);
  }
  // Namespaces matter only when a socket is made; reading back makes one.
  template <class Act>
  auto in_gate(const Act& act) const {
    return this->gate.in(act);
  }
  std::vector<std::string> inspect() {
    return in_gate([&] { return firewall->inspect().value(); });
  }
  std::vector<Held> held() {
    return in_gate([&] { return firewall->held().value(); });
  }
  std::vector<Traffic> traffic(const Lease& lease) {
    auto traffic = firewall->traffic(lease);
    REQUIRE(traffic);
    return *std::move(traffic);
  }
  std::vector<std::string> residue() {
    return in_gate([&] { return firewall->residue().value(); });
  }
  Done check_guard() {
    return in_gate([&] { return firewall->check_guard(); });
  }
  Done guard(const Guarded& guarded) {
    return in_gate([&] { return firewall->guard(guarded); });
  }
};

struct Site : BasicSite<Network3> {
  explicit Site(const Guarded& guarded = usual_guard()) : BasicSite(guarded) {}
};
struct WideSite : BasicSite<Network5> {
  explicit WideSite(const Guarded& guarded = wide_guard()) : BasicSite(guarded) {}
};

}  // namespace sallyport
