// Foreign hands in the gate's firewall, heard from the kernel; and the base table as text, read by the real
// nft. Runs in: tests, as root.
#include "firewall/watch.h"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "firewall/base_text.h"
#include "firewall/baseline.h"
#include "tests/catch.h"
#include "tests/netns/site.h"

using namespace sallyport;
using namespace std::chrono_literals;

namespace {

FirewallWatch open_watch(const NetNamespace& where) {
  auto watch = where.in([] { return FirewallWatch::open(); });
  INFO((watch ? "" : watch.error().message()));
  REQUIRE(watch);
  return *std::move(watch);
}

FirewallNews heard(FirewallWatch& watch) {
  auto news = watch.read();
  REQUIRE(news);
  return *std::move(news);
}

// A gate whose firewall is up and watched, with a lease open.
struct WatchedSite : Site {
  Lease lease;
  FirewallWatch watch;
  WatchedSite() : lease(open({entry(kRep), dial(kHmc)})), watch(open_watch(gate)) {}
};

// A file in a folder of its own.
class TextFile {
 public:
  explicit TextFile(const std::string& text, const char* name = "closed.nft") {
    char folder[] = "/tmp/sallyport-nft-XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    folder_ = folder;
    std::ofstream{folder_ / name} << text;
    path_ = folder_ / name;
  }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  ~TextFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string path() const { return path_.string(); }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_, path_;
};

Done matches(const NetNamespace& where, const Guarded& guarded) {
  return where.in([&] { return check_baseline(guarded, kMark); });
}

void check_matches(const NetNamespace& where, const Guarded& guarded) {
  const auto same = matches(where, guarded);
  INFO((same ? "" : same.error().message()));
  CHECK(same);
}

}  // namespace

TEST_CASE("foreign hands are heard, and who they were") {
  WatchedSite site;
  CHECK_FALSE(heard(site.watch).touches_ours());
  struct Harm {
    const char* command;
    const char* told;  // the part of it that concerns us
    bool removes_base;
  };
  const auto harm = GENERATE(
      Harm{"nft flush ruleset", "inet sallyport_base: 1 table removed", true},
      Harm{"nft delete table inet sallyport_base", "inet sallyport_base: 1 table removed", true},
      Harm{"nft insert rule inet sallyport_base prerouting accept",
           "inet sallyport_base: 1 rule added or changed", false},
      Harm{"nft delete element inet sallyport_base target4 '{ 198.51.100.10 }'",
           "inet sallyport_base: 1 element removed", false},
      Harm{"nft add set inet sallyport_base more '{ type ipv4_addr; }'",
           "inet sallyport_base: 1 set added or changed", false},
      Harm{"nft 'add table inet sallyport_base { flags dormant; }'",
           "inet sallyport_base: 1 table added or changed", false},
      Harm{"nft add chain inet sallyport_base more", "inet sallyport_base: 1 chain added or changed", false});
  INFO(harm.command);
  site.gate.run(harm.command);
  REQUIRE(readable(site.watch.fd(), 1000));
  const auto news = heard(site.watch);
  CHECK_FALSE(news.overrun);
  REQUIRE(news.acts.size() == 1);
  const auto& act = news.acts[0];
  CHECK(act.process == "nft");
  CHECK(act.pid > 0);
  CHECK(news.touches_ours());
  CHECK(news.removes_base() == harm.removes_base);
  std::string told;
  for (const auto& change : act.changes)
    if (change.is_ours()) told += change.text() + "\n";
  CHECK(told.find(harm.told) != std::string::npos);

  CHECK_FALSE(site.check_guard());
  CHECK(site.guard(usual_guard()));
  CHECK(site.check_guard());
  CHECK_FALSE(heard(site.watch).touches_ours());  // the repair is ours
}

TEST_CASE("another's table is told as another's, and the lease goes on") {
  WatchedSite site;
  const auto listener = listen_at(site.gate, kGate, 22);
  site.gate.run("nft 'table ip strange { chain c { type filter hook prerouting priority -300; accept; }; }'");
  const auto news = heard(site.watch);
  REQUIRE(news.acts.size() == 1);
  CHECK_FALSE(news.touches_ours());
  CHECK(news.acts[0].changes[0].table == "ip strange");
  CHECK(site.check_guard());
  CHECK(connect(site.rep, kRep, kGate, 22, listener));
  CHECK_FALSE(connect(site.rep, kOther, kGate, 22, listener));  // an accept of theirs opens nothing
}

TEST_CASE("our own acts and the kernel's deadlines are not foreign") {
  WatchedSite site;
  {
    const auto brief = site.open({site.entry(kOther, 100ms), site.entry("192.0.2.0/24")});
    CHECK(site.guard({}));
    CHECK(site.guard(usual_guard()));
    site.lease.close();
    usleep(300'000);
  }
  const auto news = heard(site.watch);
  CHECK(news.acts.empty());
  CHECK_FALSE(news.overrun);
}

TEST_CASE("a thousand openings of our own do not overrun a watch that nobody reads") {
  WatchedSite site;
  std::vector<Opening> many;
  for (int i = 0; i < 1000; ++i)
    many.push_back(site.entry(fmt::format("10.0.{}.{}", i / 250, i % 250).c_str()));
  for (int i = 0; i < 20; ++i) CHECK(site.open(many));
  const auto news = heard(site.watch);
  CHECK_FALSE(news.overrun);
  CHECK(news.acts.empty());
}

TEST_CASE("more notifications than the socket holds are an overrun, and then it hears again") {
  WatchedSite site;
  const auto room = [&](int bytes) {
    REQUIRE(setsockopt(site.watch.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0);
  };
  room(4096);
  site.gate.run("for i in $(seq 30); do nft add table inet strange$i; done");
  CHECK(heard(site.watch).overrun);
  CHECK_FALSE(heard(site.watch).overrun);
  room(1 << 20);
  site.gate.run("nft delete table inet sallyport_base");
  CHECK(heard(site.watch).removes_base());
}

TEST_CASE("what nft makes of the base table's text is what the daemon asks for") {
  NetNamespace host;
  const auto guarded = GENERATE(usual_guard(), wide_guard(), Guarded{});
  const TextFile file{base_table_text(guarded, kMark)};
  host.run("nft -f " + file.path());
  check_matches(host, guarded);
  SECTION("also when it is loaded again, over whatever was there") {
    host.run("nft -f " + file.path());
    check_matches(host, guarded);
    host.run("nft insert rule inet sallyport_base prerouting accept");
    CHECK_FALSE(matches(host, guarded));
    host.run("nft -f " + file.path());
    check_matches(host, guarded);
  }
  SECTION("and a daemon that starts after it changes elements only") {
    auto more = guarded;
    more.targets.push_back(address("198.51.100.99"));
    auto watch = open_watch(host);
    // By another process, so that the watch tells.
    if (const pid_t child = fork(); child == 0)
      _exit(host.in([&] { return enforce_baseline(more, kMark).has_value(); }) ? 0 : 1);
    REQUIRE(readable(watch.fd(), 5000));
    usleep(100'000);
    const auto news = heard(watch);
    REQUIRE(news.acts.size() == 1);
    REQUIRE(news.acts[0].changes.size() == 1);
    CHECK(news.acts[0].changes[0].text() == "inet sallyport_base: 1 element added or changed");
    check_matches(host, more);
  }
}

TEST_CASE("the early-boot file loads what the daemon has left, and nothing when it has never run") {
  NetNamespace host;
  std::ifstream source{SALLYPORT_SOURCE "/packaging/nftables/sallyport-closed.nft"};
  std::string text{std::istreambuf_iterator<char>{source}, {}};
  const std::string stands = "/var/lib/sallyport/firewall";
  const auto at = text.find(stands);
  REQUIRE(at != std::string::npos);
  const TextFile left{base_table_text(usual_guard(), kMark)};
  text.replace(at, stands.size(), left.folder());
  const TextFile boot{text, "boot.nft"};
  SECTION("left by the daemon") {
    host.run("nft -f " + boot.path());
    host.run("nft -f " + boot.path());
    check_matches(host, usual_guard());
  }
  SECTION("never run") {
    std::filesystem::remove(left.path());
    host.run("nft -f " + boot.path());
    CHECK(host.output_of("nft list tables").empty());
  }
}
