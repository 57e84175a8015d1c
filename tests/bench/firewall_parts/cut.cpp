// How long packets pass after their gate's owner was killed, or stopped for ever. Runs in: the firewall
// benchmark, as root.
#include <array>
#include <csignal>

#include "firewall/live_table.h"
#include "tests/bench/firewall_parts/owner.h"
#include "tests/bench/firewall_parts/report.h"
#include "tests/catch.h"
#include "tests/netns/site.h"
#include "tests/netns/traffic.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

using WallClock = std::chrono::system_clock;

// TCP and UDP of both families, small packets in both directions, and who sees them on either side.
class Traffics {
 public:
  explicit Traffics(const Network3& site) : site_(site) {
    for (const auto transport : {Transport::tcp, Transport::udp}) {
      taps_.emplace_back(site.hmc, "h0", transport, kForwardedPort);
      taps_.emplace_back(site.rep, "r0", transport, kForwardedPort);
      start({site.rep, kRep, kGate, site.hmc, kHmc}, transport);
      start({site.rep, kRep6, kGate6, site.hmc, kHmc6}, transport);
    }
    std::this_thread::sleep_for(100ms);
    for (auto& tap : taps_) {
      const auto seen = tap.drain();
      REQUIRE(seen.packets > 50);  // there is something to cut
      last_ = std::max(last_, seen.last);
    }
  }
  // The last one so far that came through on either side, in any flow, by the kernel's clock. To be asked
  // often enough: a tap holds some seconds of packets.
  WallClock::time_point last_packet() {
    for (auto& tap : taps_) last_ = std::max(last_, tap.drain().last);
    return last_;
  }

 private:
  void start(const FlowEnds& ends, Transport transport) {
    auto flow = open_flow(ends, transport, kForwardedPort);
    REQUIRE(flow);
    flows_.push_back(*std::move(flow));
    streams_.push_back(std::make_unique<Stream>(flows_.back()));
  }

  const Network3& site_;
  std::vector<Tap> taps_;
  std::vector<Flow> flows_;
  std::vector<std::unique_ptr<Stream>> streams_;
  WallClock::time_point last_;
};

double last_packet_after_kill(const Network3& site, std::size_t sessions) {
  const Owner owner{site.gate, sessions, 1h};
  Traffics traffics{site};
  const auto when = WallClock::now();
  owner.signal(SIGKILL);
  std::this_thread::sleep_for(250ms);
  return std::max(0.0, Milliseconds{traffics.last_packet() - when}.count());
}

}  // namespace

TEST_CASE("kill", "[.]") {
  const auto rounds = parameter("ROUNDS", 20);
  const Network3 site;
  std::map<std::size_t, std::vector<double>> took;
  for (std::size_t round = 0; round < rounds; ++round)
    for (const std::size_t sessions : {std::size_t{2}, parameter("MANY", 10'000)}) {
      say_progress(fmt::format("SIGKILL beside {} sessions: {} of {}", sessions, round + 1, rounds));
      took[sessions].push_back(last_packet_after_kill(site, sessions));
    }
  nlohmann::json figures;
  for (const auto& [sessions, values] : took)
    figures[sessions == 2 ? "one" : "many"] = {
        {"max", std::ranges::max(values)}, {"median", median(values)}, {"all", values}};
  say_figures(figures);
}

// Everything is to be gone at its time though nobody is there to close it.
TEST_CASE("stop", "[.]") {
  const std::size_t sessions = parameter("MANY", 10'000);
  SystemClock clock;
  const Network3 site;
  const Owner owner{site.gate, sessions, 4s};
  Traffics traffics{site};
  say_progress("SIGSTOP: waiting for every opening's deadline");
  owner.signal(SIGSTOP);
  BootTime gone = clock.boot();
  std::size_t at_first = 0, looked = 0;
  for (bool any = true; any && clock.boot() < owner.last() + 10s; std::this_thread::sleep_for(20ms)) {
    const auto held = site.gate.in([] { return read_live_elements().value().elements.size(); });
    any = held > 0;
    gone = clock.boot();
    at_first = std::max(at_first, held);
    traffics.last_packet();
    ++looked;
  }
  std::this_thread::sleep_for(1s);
  const auto boot_to_wall = WallClock::now().time_since_epoch() - clock.boot().time_since_epoch();
  const auto last = traffics.last_packet();
  const auto packet = last.time_since_epoch() - boot_to_wall - owner.until().time_since_epoch();
  say_figures({{"elements", at_first},
               {"looks", looked},
               {"elements_after_deadline_s", Seconds{gone - owner.last()}.count()},
               {"packet_after_deadline_s", Seconds{packet}.count()}});
}
