// What passes through a forwarded port in a second: beside one session, beside 10,000, and through a plain
// dnat rule. Runs in: the firewall benchmark, as root.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <sstream>
#include <thread>

#include "firewall/nft_firewall.h"
#include "tests/bench/firewall_parts/report.h"
#include "tests/bench/firewall_parts/session.h"
#include "tests/catch.h"
#include "tests/netns/site.h"
#include "tests/netns/traffic.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPort = 5026;

// What the gate does with the packets. All of them in one namespace, one after the other, so that they differ
// in nothing else.
enum class Way : std::uint8_t { plain, one_session, many_sessions };
constexpr std::array kWays{Way::plain, Way::one_session, Way::many_sessions};

const char* name_of(Way way) {
  switch (way) {
    case Way::plain:
      return "plain";
    case Way::one_session:
      return "one";
    case Way::many_sessions:
      return "many";
  }
  return "?";
}

// One dnat rule in a table with nothing else. It needs connection tracking, as ours does.
void make_plain_rule(const NetNamespace& gate) {
  gate.run(fmt::format(
      "nft 'add table inet plain; add chain inet plain c {{ type nat hook prerouting priority dstnat; "
      "}}; add rule inet plain c ip daddr {} meta l4proto {{ tcp, udp }} th dport {} dnat ip to {}'",
      kGate, kPort, kHmc));
}

// A gate whose firewall holds a session of the shipped policy hmc-full, which forwards the port over TCP and
// UDP, and `others` sessions of other reps; as long as it lives.
class Product {
 public:
  Product(const NetNamespace& gate, std::size_t others) : gate_(gate) {
    gate_.in([&] {
      const auto hmc = shipped_policy("hmc"), full = shipped_policy("hmc-full");
      const auto until = clock_.boot() + 1h;
      firewall_ = NftFirewall::create(clock_, kMark).value();
      REQUIRE(firewall_->guard(guard_for({hmc, full}, {address(kGate), address(kGate6)}, {address(kHmc)})));
      for (std::size_t n = 0; n < others; ++n)
        leases_.push_back(firewall_->open(nth_session(hmc, n, until).all()).value());
      leases_.push_back(
          firewall_->open(session_openings(full, address(kRep), address(kHmc), until).all()).value());
    });
  }

 private:
  const NetNamespace& gate_;
  SystemClock clock_;
  std::unique_ptr<NftFirewall> firewall_;
  std::vector<Lease> leases_;
};

// Packets that have arrived at a link, as its namespace counts them.
double arrived(const NetNamespace& where, const std::string& link) {
  return where.in([&] {
    std::ifstream file{"/proc/thread-self/net/dev"};
    for (std::string line; std::getline(file, line);) {
      std::istringstream words{line};
      std::string name;
      double bytes = 0, packets = 0;
      words >> name >> bytes >> packets;
      if (name == link + ":") return packets;
    }
    return 0.0;
  });
}

template <class Act>
double keep_on(std::chrono::milliseconds lasting, const Act& act) {
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < lasting) act();
  return Seconds{std::chrono::steady_clock::now() - start}.count();
}

// A rep's flows through one gate. Small pieces of time of several such can take turns.
class Path {
 public:
  Path(const Network3& site, Way way, std::size_t many) : site_(site) {
    site.gate.run("nft flush ruleset; conntrack -F 2>/dev/null || true");
    if (way == Way::plain) make_plain_rule(site.gate);
    if (way == Way::one_session) product_.emplace(site.gate, 0);
    if (way == Way::many_sessions) product_.emplace(site.gate, many - 1);
    udp_ = open_flow({site.rep, kRep, kGate, site.hmc, kHmc}, Transport::udp, kPort);
    tcp_ = open_flow({site.rep, kRep, kGate, site.hmc, kHmc}, Transport::tcp, kPort);
    REQUIRE((udp_ && tcp_));
    for (auto& message : messages_) message.msg_hdr.msg_iov = &part_, message.msg_hdr.msg_iovlen = 1;
    reader_ = std::thread{[this] { read_all(); }};
  }
  ~Path() {
    shutdown(tcp_->client.get(), SHUT_RDWR);
    shutdown(tcp_->server.get(), SHUT_RDWR);
    reader_.join();
  }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  // 64 bytes of payload each, many a system call; nobody reads them at the other end.
  double packets_a_second(std::chrono::milliseconds lasting) {
    const auto before = arrived(site_.hmc, "h0");
    const auto took = keep_on(lasting, [&] { sendmmsg(udp_->client.get(), messages_.data(), kAtOnce, 0); });
    return (arrived(site_.hmc, "h0") - before) / took;
  }
  double bytes_a_second(std::chrono::milliseconds lasting) {
    const auto before = received_.load();
    const auto took = keep_on(lasting, [&] {
      pollfd writable{tcp_->client.get(), POLLOUT, 0};
      poll(&writable, 1, 100);
      (void)!send(tcp_->client.get(), data_.data(), data_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    return static_cast<double>(received_ - before) / took;
  }

 private:
  void read_all() {
    std::vector<char> buffer(1 << 18);
    for (ssize_t size = 1; size > 0; received_ += static_cast<std::uint64_t>(std::max<ssize_t>(size, 0)))
      size = recv(tcp_->server.get(), buffer.data(), buffer.size(), 0);
  }

  const Network3& site_;
  std::optional<Product> product_;
  std::optional<Flow> udp_, tcp_;
  std::array<char, 64> payload_{};
  iovec part_{payload_.data(), payload_.size()};
  static constexpr unsigned kAtOnce = 64;
  std::array<mmsghdr, kAtOnce> messages_{};
  const std::vector<char> data_ = std::vector<char>(1 << 17);
  std::atomic<std::uint64_t> received_ = 0;
  std::thread reader_;
};

// By way, one value for each turn.
using Turns = std::array<std::vector<double>, kWays.size()>;

// Turns so short that what else the machine does falls upon all ways alike.
template <class Act>
void take_turns(std::size_t turns, Turns& out, const Act& act) {
  for (std::size_t turn = 0; turn <= turns; ++turn)
    for (std::size_t i = 0; i < kWays.size(); ++i) {
      const auto way = (i + turn) % kWays.size();
      const auto rate = act(way);
      if (turn > 0) out[way].push_back(rate);  // the first is a warm-up
    }
}

double of(const Turns& turns, Way way) { return median(turns[static_cast<std::size_t>(way)]); }

// Of the middle turn.
double ratio(const Turns& turns, Way to, Way from) {
  const auto &a = turns[static_cast<std::size_t>(to)], &b = turns[static_cast<std::size_t>(from)];
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return median(ratios);
}

}  // namespace

TEST_CASE("rates", "[.]") {
  setpriority(PRIO_PROCESS, 0,
              -20);  // what is measured is the packets' cost, not who else wants the processor
  const auto rounds = parameter("ROUNDS", 6);
  const auto many = parameter("MANY", 10'000);
  const auto turns = parameter("TURNS", 20);
  const std::array<Network3, kWays.size()> sites;
  Turns pps, tcp;
  std::vector<double> pps_plain, pps_many, tcp_plain, tcp_many;  // a ratio for each round
  for (std::size_t round = 0; round < rounds; ++round) {
    say_progress(fmt::format("packets through forward: round {} of {}", round + 1, rounds));
    std::array<std::optional<Path>, kWays.size()> paths;
    for (std::size_t i = 0; i < kWays.size(); ++i)  // every site is every way's in turns
      paths[i].emplace(sites[(i + round) % sites.size()], kWays[i], many);
    Turns pps_now, tcp_now;
    take_turns(turns, pps_now, [&](std::size_t way) { return paths[way]->packets_a_second(10ms); });
    take_turns(turns, tcp_now, [&](std::size_t way) { return paths[way]->bytes_a_second(20ms); });
    using enum Way;
    pps_plain.push_back(ratio(pps_now, one_session, plain));
    pps_many.push_back(ratio(pps_now, many_sessions, one_session));
    tcp_plain.push_back(ratio(tcp_now, one_session, plain));
    tcp_many.push_back(ratio(tcp_now, many_sessions, one_session));
    for (const auto way : kWays) {
      pps[static_cast<std::size_t>(way)].push_back(of(pps_now, way));
      tcp[static_cast<std::size_t>(way)].push_back(of(tcp_now, way));
    }
  }
  nlohmann::json figures;
  for (const auto way : kWays) figures[name_of(way)] = {{"pps", of(pps, way)}, {"gbit", of(tcp, way) * 8e-9}};
  figures["pps_vs_plain"] = median(pps_plain);
  figures["pps_10k_vs_1"] = median(pps_many);
  figures["tcp_vs_plain"] = median(tcp_plain);
  figures["tcp_10k_vs_1"] = median(tcp_many);
  figures["rounds"] = {{"pps_vs_plain", pps_plain},
                       {"pps_10k_vs_1", pps_many},
                       {"tcp_vs_plain", tcp_plain},
                       {"tcp_10k_vs_1", tcp_many}};
  say_figures(figures);
}
