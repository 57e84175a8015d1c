// Runs in: the firewall benchmark, as root.
#include "tests/bench/firewall_parts/owner.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <csignal>

#include "firewall/nft_firewall.h"
#include "tests/bench/firewall_parts/report.h"
#include "tests/bench/firewall_parts/session.h"
#include "tests/catch.h"
#include "tests/netns/site.h"

namespace sallyport {

namespace {

constexpr int kReadyFd = 3;
constexpr const char* kUntil = "OWNER_UNTIL";  // CLOCK_BOOTTIME in microseconds
constexpr const char* kSessions = "OWNER_SESSIONS";

[[noreturn]] void become_owner(const NetNamespace& gate, int ready, std::size_t sessions, BootTime until) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setenv(kSessions, std::to_string(sessions).c_str(), 1);
  setenv(kUntil, std::to_string(until.time_since_epoch().count()).c_str(), 1);
  dup2(ready, kReadyFd);
  gate.in([] { execl("/proc/self/exe", "bench_firewall", "owner", nullptr); });
  _exit(1);
}

std::vector<Lease> open_all(NftFirewall& firewall, std::size_t sessions, BootTime until) {
  const auto hmc = shipped_policy("hmc"), full = shipped_policy("hmc-full");
  const std::array gates{address(kGate), address(kGate6)};
  REQUIRE(
      firewall.guard(guard_for({hmc, full}, {gates.begin(), gates.end()}, {address(kHmc), address(kHmc6)})));
  std::vector<Lease> leases;
  leases.push_back(firewall.open(session_openings(full, address(kRep), address(kHmc), until).all()).value());
  leases.push_back(
      firewall.open(session_openings(full, address(kRep6), address(kHmc6), until).all()).value());
  for (std::size_t n = 0; leases.size() < sessions; ++n)
    leases.push_back(
        firewall.open(nth_session(hmc, n, until + std::chrono::milliseconds{n % 1001}).all()).value());
  return leases;
}

}  // namespace

Owner::Owner(const NetNamespace& gate, std::size_t sessions, std::chrono::milliseconds lives)
    : until_(SystemClock{}.boot() + lives) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const UniqueFd reader{ends[0]};
  UniqueFd writer{ends[1]};
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) become_owner(gate, writer.get(), sessions, until_);
  writer.reset();
  char byte = 0;
  REQUIRE(readable(reader.get(), 20'000));
  REQUIRE(read(reader.get(), &byte, 1) == 1);  // nothing to read means that it failed
}

Owner::~Owner() {
  signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Owner::signal(int number) const { kill(pid_, number); }

}  // namespace sallyport

using namespace sallyport;

TEST_CASE("owner", "[.]") {
  SystemClock clock;
  const BootTime until{BootTime::duration{parameter(kUntil, 0)}};
  auto firewall = NftFirewall::create(clock, kMark).value();
  const auto leases = open_all(*firewall, parameter(kSessions, 1), until);
  REQUIRE(write(kReadyFd, "r", 1) == 1);
  for (;;) pause();
}
