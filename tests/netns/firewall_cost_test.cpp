// What a session costs to open and close beside many others: a look, not the benchmark. Runs in: tests, as
// root.
#include <algorithm>
#include <iostream>

#include "firewall/nft_firewall.h"
#include "tests/catch.h"
#include "tests/netns/network.h"

using namespace sallyport;

namespace {

// One service through the SSH proxy, two forwarded.
std::vector<Opening> session(const Address& rep, BootTime until) {
  const auto from = Network::of(rep);
  const auto hmc = address("198.51.100.10");
  return {{Opening::Way::entry, from, Transport::tcp, Port{22}, until},
          {Opening::Way::dial, Network::of(hmc), Transport::tcp, Port{22}, until},
          {Opening::Way::forward, from, Transport::tcp, Port{443}, until, hmc},
          {Opening::Way::forward, from, Transport::tcp, Port{5026}, until, hmc}};
}

Address nth_rep(std::size_t n) {
  return address(fmt::format("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255).c_str());
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

// unshare --net netns_firewall "[cost]"
TEST_CASE("opening and closing a session of three services costs the same beside many", "[.][cost]") {
  const NetNamespace gate;
  gate.in([&] {
    using Clock = std::chrono::steady_clock;
    using Microseconds = std::chrono::duration<double, std::micro>;
    SystemClock clock;
    auto firewall = NftFirewall::create(clock, 0x100).value();
    REQUIRE(
        firewall->guard({{{address("192.0.2.1"), Transport::tcp, Port{22}}}, {address("198.51.100.10")}}));
    const auto until = clock.boot() + std::chrono::hours{1};
    std::vector<Lease> others;
    for (const std::size_t beside : {0, 1'000, 10'000, 100'000}) {
      while (others.size() < beside)
        others.push_back(firewall->open(session(nth_rep(others.size()), until)).value());
      const auto openings = session(address("192.0.2.7"), until);
      std::vector<double> open, close;
      for (int i = 0; i < 2001; ++i) {
        const auto a = Clock::now();
        auto lease = firewall->open(openings).value();
        const auto b = Clock::now();
        lease.close();
        const auto c = Clock::now();
        open.push_back(Microseconds{b - a}.count());
        close.push_back(Microseconds{c - b}.count());
      }
      std::cout << beside << " others: open " << median(open) << " us, close " << median(close)
                << " us (p50)\n";
    }
  });
}
