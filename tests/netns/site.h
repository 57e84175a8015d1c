// Site: the three hosts, with a gate whose firewall is up. Runs in: tests, as root.
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

inline Guarded usual_guard() {
  return {{{address(kGate), Transport::tcp, Port{22}},
           {address("2001:db8::1"), Transport::tcp, Port{22}},
           {address(kGate), Transport::udp, Port{161}}},
          {address(kHmc), address("2001:db8:1::10")}};
}

// The three hosts, with the gate guarded and nothing open.
struct Site : Network3 {
  SystemClock clock;
  std::unique_ptr<NftFirewall> firewall;

  explicit Site(const Guarded& guarded = usual_guard()) {
    gate.in([&] {
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
  Lease open(const std::vector<Opening>& openings) {
    auto lease = firewall->open(openings);
    INFO((lease ? "" : lease.error().message()));
    REQUIRE(lease);
    return *std::move(lease);
  }
  // Namespaces matter only when a socket is made; reading back makes one.
  std::vector<std::string> inspect() {
    return gate.in([&] { return firewall->inspect().value(); });
  }
  Done check_guard() {
    return gate.in([&] { return firewall->check_guard(); });
  }
  Done guard(const Guarded& guarded) {
    return gate.in([&] { return firewall->guard(guarded); });
  }
};

}  // namespace sallyport
