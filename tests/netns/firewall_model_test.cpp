// Random acts on the firewall: after each, the kernel's dump equals a model. Runs in: tests, as root.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "firewall/nft_firewall.h"
#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/netns/network.h"

using namespace sallyport;

namespace {

constexpr int kSteps = 3000;
constexpr int kLeases = 8;

// What one lease opens, in terms that have nothing to do with how the firewall computes: hosts 192.0.2.0-15,
// or 2001:db8::0-f; targets 198.51.100.10 and .20, or 2001:db8:1::10 and ::20.
enum class Way { entry, dial, forward };
struct ModelOpening {
  Way way;
  bool six;
  int first, last;
  std::uint16_t port;
  int hours;
  int target;
  bool masked;
};
using Model = std::map<int, std::vector<ModelOpening>>;

std::string host_text(bool six, int host) {
  return six ? (host == 0 ? "2001:db8::" : fmt::format("2001:db8::{:x}", host))
             : fmt::format("192.0.2.{}", host);
}
std::string target_text(bool six, int target) {
  return six ? fmt::format("2001:db8:1::{}", target) : fmt::format("198.51.100.{}", target);
}

std::string prefix_of(const ModelOpening& opening) {
  int length = opening.six ? 128 : 32;
  for (int size = opening.last - opening.first + 1; size > 1; size /= 2) --length;
  return fmt::format("{}/{}", host_text(opening.six, opening.first), length);
}

Opening real(const ModelOpening& opening, BootTime start) {
  Opening real{Opening::Way::entry, Network::parse(prefix_of(opening)).value(), Transport::tcp,
               Port{opening.port}, start + std::chrono::hours{opening.hours}};
  if (opening.way == Way::dial) real.way = Opening::Way::dial;
  if (opening.way == Way::forward) {
    real.way = Opening::Way::forward;
    real.target = address(target_text(opening.six, opening.target).c_str());
    real.translate_source = opening.masked;
  }
  return real;
}

// Ports 22 and 443 are the gate's own, 443 and 5026 are forwarded: 443 can clash.
ModelOpening random_opening(std::mt19937& random) {
  const auto way = std::array{Way::entry, Way::entry, Way::dial, Way::forward, Way::forward}[random() % 5];
  const int size = way != Way::entry ? 1 : 1 << random() % 5;
  const int first = static_cast<int>(random() % static_cast<unsigned>(16 / size)) * size;
  const auto own = std::array<std::uint16_t, 4>{22, 22, 22, 443}[random() % 4];
  const auto forwarded = std::array<std::uint16_t, 4>{5026, 5026, 5026, 443}[random() % 4];
  return {way,
          random() % 3 == 0,
          first,
          first + size - 1,
          way == Way::forward ? forwarded : own,
          1 + static_cast<int>(random() % 3),
          way == Way::forward ? 10 * (1 + static_cast<int>(random() % 2)) : 0,
          way == Way::forward && random() % 4 == 0};
}

// Two openings of the rep's side that share a host and a port must mean the same.
bool is_clear(const Model& model) {
  std::map<std::tuple<bool, std::uint16_t, int>, std::tuple<bool, int, bool>> meanings;
  for (const auto& [lease, openings] : model)
    for (const auto& o : openings) {
      if (o.way == Way::dial) continue;
      const std::tuple meaning{o.way == Way::forward, o.target, o.masked};
      for (int host = o.first; host <= o.last; ++host)
        if (!meanings.try_emplace({o.six, o.port, host}, meaning).second &&
            meanings[{o.six, o.port, host}] != meaning)
          return false;
    }
  return true;
}

// A deadline of n hours that is younger than a minute prints as n-1 hours and 59 minutes.
std::string line(const std::string& set, bool six, const std::string& key, int hours) {
  const auto left = hours == 1 ? std::string{"59m"} : fmt::format("{}h59m", hours - 1);
  return fmt::format("element inet sallyport_live {}{} {{ {} expires {}", set, six ? 6 : 4, key, left);
}

using Hours = std::map<std::tuple<bool, std::uint16_t, int>, int>;  // (family, port, host) -> hours

// Networks: counts every address by itself, then joins neighbours.
void add_ranges(const Hours& entry, std::vector<std::string>& lines) {
  for (auto at = entry.begin(); at != entry.end();) {
    const auto [six, port, first] = at->first;
    const int hours = at->second;
    int last = first;
    for (++at; at != entry.end() && at->first == std::tuple{six, port, last + 1} && at->second == hours; ++at)
      ++last;
    const auto range =
        last == first ? host_text(six, first) : host_text(six, first) + "-" + host_text(six, last);
    lines.push_back(line("entry", six, fmt::format("{} . tcp . {}", range, port), hours));
  }
}

std::vector<std::string> expected(const Model& model) {
  Hours entry;
  std::map<std::tuple<std::string, bool, std::string>, int> exact;  // (set, family, key) -> hours
  const auto longest = [](int& hours, int more) { hours = std::max(hours, more); };
  for (const auto& [lease, openings] : model)
    for (const auto& o : openings) {
      const auto key = fmt::format("{} . tcp . {}", host_text(o.six, o.first), o.port);
      if (o.way == Way::dial) longest(exact[{"dial", o.six, key}], o.hours);
      if (o.way == Way::entry && o.first == o.last) longest(exact[{"admitted", o.six, key}], o.hours);
      if (o.way == Way::entry && o.first != o.last)
        for (int host = o.first; host <= o.last; ++host) longest(entry[{o.six, o.port, host}], o.hours);
      if (o.way != Way::forward) continue;
      longest(exact[{"translate", o.six, key}], o.hours);
      longest(exact[{"forwarded", o.six, key + " . " + target_text(o.six, o.target)}], o.hours);
      if (o.masked) longest(exact[{"masked", o.six, key}], o.hours);
    }
  std::vector<std::string> lines;
  for (const auto& [what, hours] : exact)
    lines.push_back(line(std::get<0>(what), std::get<1>(what), std::get<2>(what), hours));
  add_ranges(entry, lines);
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> without_seconds(std::vector<std::string> lines) {
  for (auto& text : lines) text.erase(text.find('m', text.find(" expires ")) + 1);
  std::ranges::sort(lines);
  return lines;
}

// Routed flows lead where the model says.
void check_targets(const std::vector<std::string>& lines, const Model& model) {
  std::map<std::string, std::string> leads;
  for (const auto& [lease, openings] : model)
    for (const auto& o : openings)
      if (o.way == Way::forward)
        leads[fmt::format("{{ {} . tcp . {} ", host_text(o.six, o.first), o.port)] =
            target_text(o.six, o.target);
  for (const auto& text : lines) {
    const auto colon = text.find(" : ");
    if (colon == std::string::npos) continue;
    const auto key = text.substr(text.find('{'), text.find("expires") - text.find('{'));
    REQUIRE(text.substr(colon + 3, text.size() - colon - 5) == leads.at(key));
  }
}

struct World {
  std::mt19937 random;
  SystemClock clock;
  BootTime start = clock.boot();
  std::unique_ptr<NftFirewall> firewall;
  std::map<int, Lease> leases = {};
  Model model = {};
  int refused = 0;

  void close(int which) {
    leases.erase(which);
    model.erase(which);
  }
  void open_or_change(int which, const std::vector<ModelOpening>& wanted) {
    std::vector<Opening> openings;
    for (const auto& o : wanted) openings.push_back(real(o, start));
    auto next = model;
    next[which] = wanted;
    bool done = false;
    if (leases.contains(which)) {
      done = firewall->change(leases[which], openings).has_value();
    } else if (auto lease = firewall->open(openings)) {
      leases[which] = *std::move(lease);
      done = true;
    }
    REQUIRE(done == is_clear(next));
    if (done) model = std::move(next);
    refused += done ? 0 : 1;
  }
  void act() {
    const int which = static_cast<int>(random() % kLeases);
    std::vector<ModelOpening> wanted;
    for (auto i = random() % 4; i > 0; --i) wanted.push_back(random_opening(random));
    if (leases.contains(which) && random() % 2 == 0) return close(which);
    open_or_change(which, wanted);
  }
};

}  // namespace

TEST_CASE("after each of 3,000 random acts the kernel holds what the leases say, and refuses two meanings") {
  const auto seed = static_cast<unsigned>(GENERATE(1, 2));
  const NetNamespace gate;
  gate.in([&] {
    World world{std::mt19937{seed}, {}, {}, nullptr};
    world.start = world.clock.boot();
    world.firewall = NftFirewall::create(world.clock, 0x100).value();
    REQUIRE(world.firewall->guard({{},
                                   {address("198.51.100.10"), address("198.51.100.20"),
                                    address("2001:db8:1::10"), address("2001:db8:1::20")}}));
    for (int step = 0; step < kSteps; ++step) {
      INFO("step " << step);
      world.act();
      const auto lines = world.firewall->inspect().value();
      REQUIRE(without_seconds(lines) == expected(world.model));
      check_targets(lines, world.model);
      if (step % 100 == 0) REQUIRE(world.firewall->residue().value().empty());
    }
    CHECK(world.refused > 20);
    world.leases.clear();
    CHECK(world.firewall->inspect().value().empty());
  });
}

namespace {

// "admitted4 { 192.0.2.7 . tcp . 22"
std::set<std::string> names_of(const std::vector<std::string>& lines) {
  std::set<std::string> names;
  const std::string front = "element inet sallyport_live ";
  for (const auto& text : lines)
    names.insert(text.substr(front.size(), text.find(" expires") - front.size()));
  return names;
}

struct Timed {
  ModelOpening opening;
  BootTime until;
};

std::set<std::string> alive(const std::map<int, std::vector<Timed>>& model, BootTime when) {
  Model now;
  for (const auto& [lease, openings] : model)
    for (const auto& one : openings)
      if (one.until > when) now[lease].push_back(one.opening);
  return names_of(expected(now));
}

}  // namespace

// Deadlines, in real time: 30 to 300 ms, in the sets of every kind.
TEST_CASE("random openings vanish at their deadlines, and closing what has vanished closes the rest") {
  using std::chrono::milliseconds;
  std::mt19937 random{5};
  const NetNamespace gate;
  gate.in([&] {
    SystemClock clock;
    auto firewall = NftFirewall::create(clock, 0x100).value();
    REQUIRE(firewall->guard({{}, {address("198.51.100.10"), address("2001:db8:1::10")}}));
    std::map<int, Lease> leases;
    std::map<int, std::vector<Timed>> model;
    for (int step = 0; step < 600; ++step) {
      const int which = static_cast<int>(random() % kLeases);
      std::vector<Opening> openings;
      std::vector<Timed> wanted;
      for (auto i = random() % 4; i > 0; --i) {
        auto o = random_opening(random);
        o.last = o.first;
        o.port = o.way == Way::forward ? 5026 : 22;
        o.target = 10;
        o.masked = false;
        wanted.push_back({o, clock.boot() + milliseconds{30 + random() % 270}});
        openings.push_back(real(o, clock.boot()));
        openings.back().until = wanted.back().until;
      }
      Done done;
      if (leases.contains(which) && random() % 2 == 0) {
        done = firewall->change(leases[which], openings);
      } else {
        leases.erase(which);
        model.erase(which);
        auto lease = firewall->open(openings);
        if (lease)
          leases[which] = *std::move(lease);
        else
          done = tl::unexpected{lease.error()};
      }
      if (done) {
        model[which] = wanted;
      } else {  // a machine so busy that it took us that long to ask
        INFO(done.error().message());
        REQUIRE(done.error().message().find("past its deadline") != std::string::npos);
      }

      // Between these two moments the kernel was asked. It counts in ticks, and from the moment at which it
      // was told, which on a busy machine is some time after the firewall has read the clock.
      const auto before = clock.boot() - milliseconds{150};
      const auto held = names_of(firewall->inspect().value());
      const auto most = alive(model, before), least = alive(model, clock.boot() + milliseconds{20});
      INFO("step " << step);
      REQUIRE(std::ranges::includes(most, held));
      REQUIRE(std::ranges::includes(held, least));
      REQUIRE(firewall->residue().value().empty());
    }
    std::this_thread::sleep_for(milliseconds{350});
    CHECK(firewall->inspect().value().empty());
    leases.clear();
    CHECK(firewall->check_guard());
  });
}

// As after the machine was suspended: the clock has gone on, the kernel's timeouts have not.
TEST_CASE("what is past its deadline and still in the kernel is nobody's alarm while its lease lives") {
  const NetNamespace gate;
  gate.in([&] {
    FakeClock clock;
    auto firewall = NftFirewall::create(clock, 0x100).value();
    REQUIRE(firewall->guard({{}, {}}));
    const auto entry = [&](const char* network) {
      return Opening{Opening::Way::entry, Network::parse(network).value(), Transport::tcp, Port{22},
                     clock.boot() + std::chrono::minutes{5}};
    };
    auto one = firewall->open({entry("192.0.2.7"), entry("192.0.2.16/28")}).value();
    auto other = firewall->open({entry("192.0.2.8"), entry("192.0.2.0/24")}).value();
    clock.advance(std::chrono::minutes{10});
    CHECK(firewall->residue().value().empty());
    one.close();
    CHECK(firewall->residue().value().empty());
    other.close();
    CHECK(firewall->inspect().value().empty());
  });
}
