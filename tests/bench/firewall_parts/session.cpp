// Runs in: the firewall benchmark, as root.
#include "tests/bench/firewall_parts/session.h"

#include <fstream>
#include <sstream>

#include "policies/file_formats.h"
#include "tests/catch.h"
#include "tests/netns/network.h"

namespace sallyport {

namespace {

constexpr std::size_t kTargets = 200;

bool is_offered(const Service& service) { return !service.legacy; }

}  // namespace

Policy shipped_policy(const std::string& name) {
  const std::filesystem::path path = std::string{SALLYPORT_SOURCE "/policies/"} + name + ".toml";
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  const auto toml = parse_toml(text.str());
  INFO(path);
  REQUIRE(toml);
  Problems problems;
  auto policy = read_policy({*toml, 1, "", path, problems}, name, Port{22});
  REQUIRE(problems.empty());
  return policy;
}

std::vector<Opening> SessionOpenings::all() const {
  auto all = entry;
  all.insert(all.end(), dial.begin(), dial.end());
  all.insert(all.end(), forwards.begin(), forwards.end());
  return all;
}

SessionOpenings session_openings(const Policy& policy, const Address& rep, const Address& target,
                                 BootTime until) {
  SessionOpenings openings;
  for (const auto& service : policy.services) {
    if (!is_offered(service)) continue;
    if (service.carriage == Carriage::ssh) {
      openings.entry.push_back({Opening::Way::entry, Network::of(rep), Transport::tcp, service.port, until});
      openings.dial.push_back({Opening::Way::dial, Network::of(target), Transport::tcp, service.port, until});
    } else if (service.carriage == Carriage::forward) {
      for (const auto transport : service.transports)
        openings.forwards.push_back({Opening::Way::forward, Network::of(rep), transport, service.port, until,
                                     target, service.translate_source});
    }
  }
  return openings;
}

Address nth_rep(std::size_t n) {
  return address(fmt::format("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255).c_str());
}

Address nth_target(std::size_t n) { return address(fmt::format("198.51.100.{}", 20 + n % kTargets).c_str()); }

SessionOpenings nth_session(const Policy& policy, std::size_t n, BootTime until) {
  return session_openings(policy, nth_rep(n), nth_target(n), until);
}

Guarded guard_for(const std::vector<Policy>& policies, const std::vector<Address>& gates,
                  std::vector<Address> targets) {
  Guarded guarded;
  for (const auto& policy : policies)
    for (const auto& service : policy.services)
      for (const auto transport : service.transports)
        for (const auto& gate : gates) guarded.services.push_back({gate, transport, service.port});
  std::ranges::sort(guarded.services);
  const auto doubles = std::ranges::unique(guarded.services);
  guarded.services.erase(doubles.begin(), doubles.end());
  guarded.targets = std::move(targets);
  for (std::size_t n = 0; n < kTargets; ++n) guarded.targets.push_back(nth_target(n));
  guarded.transit = false;
  return guarded;
}

}  // namespace sallyport
