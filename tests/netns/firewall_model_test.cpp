// Random acts on the firewall: after each, the kernel's dump equals a model. Runs in: tests, as root.
#include <algorithm>
#include <iostream>
#include <map>
#include <random>

#include "firewall/nft_firewall.h"
#include "tests/catch.h"
#include "tests/netns/network.h"

using namespace sallyport;

namespace {

constexpr int kSteps = 1000;
constexpr int kLeases = 8;

// What one lease opens, in terms that have nothing to do with how the firewall computes: hosts 192.0.2.0-15.
struct ModelOpening {
  bool dial;
  int first, last;
  std::uint16_t port;
  int hours;
};
using Model = std::map<int, std::vector<ModelOpening>>;

std::string prefix_of(const ModelOpening& opening) {
  int length = 32;
  for (int size = opening.last - opening.first + 1; size > 1; size /= 2) --length;
  return fmt::format("192.0.2.{}/{}", opening.first, length);
}

Opening real(const ModelOpening& opening, BootTime start) {
  return {opening.dial ? Opening::Way::dial : Opening::Way::entry, Network::parse(prefix_of(opening)).value(),
          Transport::tcp, Port{opening.port}, start + std::chrono::hours{opening.hours}};
}

ModelOpening random_opening(std::mt19937& random) {
  const bool dial = random() % 4 == 0;
  const int size = dial ? 1 : 1 << random() % 5;
  const int first = static_cast<int>(random() % static_cast<unsigned>(16 / size)) * size;
  return {dial, first, first + size - 1, random() % 2 == 0 ? std::uint16_t{22} : std::uint16_t{443},
          1 + static_cast<int>(random() % 3)};
}

// A deadline of n hours that is younger than a minute prints as n-1 hours and 59 minutes.
std::string line(const char* set, const std::string& address, int port, int hours) {
  const auto left = hours == 1 ? std::string{"59m"} : fmt::format("{}h59m", hours - 1);
  return fmt::format("element inet sallyport_live {} {{ {} . tcp . {} expires {}", set, address, port, left);
}

// Counts every address by itself, then joins neighbours.
std::vector<std::string> expected(const Model& model) {
  std::map<std::pair<std::uint16_t, int>, int> admitted, dial, entry;  // (port, host) -> hours
  for (const auto& [lease, openings] : model)
    for (const auto& o : openings)
      for (int host = o.first; host <= o.last; ++host) {
        auto& hours = (o.dial ? dial : o.first == o.last ? admitted : entry)[{o.port, host}];
        hours = std::max(hours, o.hours);
      }
  std::vector<std::string> lines;
  const auto text = [](int host) { return fmt::format("192.0.2.{}", host); };
  for (const auto& [key, hours] : admitted)
    lines.push_back(line("admitted4", text(key.second), key.first, hours));
  for (const auto& [key, hours] : dial) lines.push_back(line("dial4", text(key.second), key.first, hours));
  for (auto at = entry.begin(); at != entry.end();) {
    const auto [port, first] = at->first;
    const int hours = at->second;
    int last = first;
    for (++at; at != entry.end() && at->first == std::pair{port, last + 1} && at->second == hours; ++at)
      ++last;
    const auto range = last == first ? text(first) : text(first) + "-" + text(last);
    lines.push_back(line("entry4", range, port, hours));
  }
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> without_seconds(std::vector<std::string> lines) {
  for (auto& text : lines) text.erase(text.rfind('m') + 1);
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

TEST_CASE("after each of 1,000 random acts the kernel holds what the leases say") {
  std::mt19937 random{static_cast<unsigned>(GENERATE(1, 2))};
  const NetNamespace gate;
  gate.in([&] {
    SystemClock clock;
    const auto start = clock.boot();
    auto firewall = NftFirewall::create(clock, 0x100).value();
    std::map<int, Lease> leases;
    Model model;
    for (int step = 0; step < kSteps; ++step) {
      const int which = static_cast<int>(random() % kLeases);
      std::vector<ModelOpening> wanted;
      std::vector<Opening> openings;
      for (auto i = random() % 4; i > 0; --i) {
        wanted.push_back(random_opening(random));
        openings.push_back(real(wanted.back(), start));
      }
      if (!leases.contains(which)) {
        leases[which] = firewall->open(openings).value();
        model[which] = wanted;
      } else if (random() % 2 == 0) {
        const auto done = firewall->change(leases[which], openings);
        INFO((done ? "" : done.error().message()));
        REQUIRE(done);
        model[which] = wanted;
      } else {
        leases.erase(which);
        model.erase(which);
      }
      INFO("step " << step);
      REQUIRE(without_seconds(firewall->inspect().value()) == expected(model));
    }
    leases.clear();
    CHECK(firewall->inspect().value().empty());
  });
}

// unshare --net netns_firewall "[cost]": a look at the cost, not the benchmark.
TEST_CASE("opening and closing one address costs the same beside many", "[.][cost]") {
  const NetNamespace gate;
  gate.in([&] {
    SystemClock clock;
    auto firewall = NftFirewall::create(clock, 0x100).value();
    const auto until = clock.boot() + std::chrono::hours{1};
    std::vector<Lease> others;
    for (const std::size_t beside : {std::size_t{0}, std::size_t{1000}, std::size_t{100000}}) {
      while (others.size() < beside) {
        const auto n = others.size();
        const auto host = fmt::format("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        others.push_back(
            firewall
                ->open({{Opening::Way::entry, Network::parse(host).value(), Transport::tcp, Port{22}, until}})
                .value());
      }
      const std::vector<Opening> opening{
          {Opening::Way::entry, Network::parse("192.0.2.7").value(), Transport::tcp, Port{22}, until}};
      std::vector<double> open_us, close_us;
      for (int i = 0; i < 2001; ++i) {
        const auto a = std::chrono::steady_clock::now();
        auto lease = firewall->open(opening).value();
        const auto b = std::chrono::steady_clock::now();
        lease.close();
        const auto c = std::chrono::steady_clock::now();
        open_us.push_back(std::chrono::duration<double, std::micro>(b - a).count());
        close_us.push_back(std::chrono::duration<double, std::micro>(c - b).count());
      }
      std::ranges::nth_element(open_us, open_us.begin() + 1000);
      std::ranges::nth_element(close_us, close_us.begin() + 1000);
      std::cout << beside << " others: open " << open_us[1000] << " us, close " << close_us[1000]
                << " us (p50)\n";
    }
  });
}
