// GateModel: what the kernel must hold for a plain list of grants, worked out in the simplest way: hosts are
// numbers, time is seconds, every address is counted by itself. Shares no code with the gate. Runs in: tests.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace sallyport {

// ---- the site, as a table; write_site() makes the gate's files of it

struct ModelService {
  const char* name;
  int port;
  const char* carriage;
  std::vector<std::string> transports;
  bool managed = false, masked = false;
};
struct ModelPolicy {
  const char* name;
  bool failed_dial_spends;
  std::vector<ModelService> services;
};
struct ModelTarget {
  const char* name;
  int ssh_port;
  std::vector<std::string> addresses;
  const char* system;
  std::vector<std::string> system_addresses;
};

inline const std::vector<ModelPolicy> kPolicies{
    {"plain", false, {{"ssh", 22, "ssh", {"tcp"}}}},
    {"wide", false, {{"ssh", 22, "ssh", {"tcp"}}, {"https", 443, "forward", {"tcp"}}}},
    {"full",
     true,
     {{"ssh", 22, "ssh", {"tcp"}},
      {"https", 443, "forward", {"tcp"}},
      {"rmc", 657, "forward", {"tcp", "udp"}},
      {"snmp", 161, "forward", {"udp"}},
      {"vterm", 5026, "forward", {"tcp"}, true}}},
    {"masked", false, {{"ssh", 22, "ssh", {"tcp"}}, {"https", 443, "forward", {"tcp"}, false, true}}},
    {"inside",
     true,
     {{"ssh", 22, "ssh", {"tcp"}},
      {"cim", 5989, "through-ssh", {"tcp"}},
      {"vterm", 5026, "forward", {"tcp", "udp"}, true, true}}}};

inline const std::vector<ModelTarget> kTargets{
    {"hmc1",
     22,
     {"198.51.100.10", "198.51.100.11", "2001:db8:1::10"},
     "sys1",
     {"203.0.113.21", "2001:db8:3::21"}},
    {"hmc2", 2222, {"198.51.100.12", "198.51.100.13"}, "sys2", {"203.0.113.22", "2001:db8:3::22"}},
    {"hmc3", 22, {"2001:db8:1::14", "198.51.100.14"}, "sys3", {"203.0.113.23"}}};

constexpr int kHosts = 16;    // 10.20.0.0 to .15, and fd00:20:: to ::f
constexpr int kSshPort = 22;  // the gate's own
constexpr int kFailedLogins = 2;

struct ModelHost {
  bool six = false;
  int number = 0;
  auto operator<=>(const ModelHost&) const = default;
  std::string text() const {
    if (!six) return fmt::format("10.20.0.{}", number);
    return number == 0 ? "fd00:20::" : fmt::format("fd00:20::{:x}", number);
  }
};

struct ModelNetwork {
  bool six = false;
  int first = 0, size = 1;
  bool has(const ModelHost& host) const {
    return host.six == six && first <= host.number && host.number < first + size;
  }
  bool holds(const ModelNetwork& other) const {
    return six == other.six && first <= other.first && other.first + other.size <= first + size;
  }
  std::string text() const {
    int length = six ? 128 : 32;
    for (int rest = size; rest > 1; rest /= 2) --length;
    return fmt::format("{}/{}", ModelHost{six, first}.text(), length);
  }
};

// ---- grants

struct ModelGrant {
  enum class State { armed, locked, active, ending, over };
  enum class Way { none, dialling, dialled, connected };

  std::string rep;
  const ModelTarget* target = nullptr;
  const ModelPolicy* policy = nullptr;
  std::vector<ModelNetwork> networks;
  long connect_by = 0, session = 0;  // seconds
  State state = State::armed;
  std::map<std::string, int> failed_logins;  // by source: an IPv4 host, or all of the IPv6 ones
  bool revoked = false;
  // Of the session.
  ModelHost host;
  long end_by = 0;
  Way way = Way::none;
  std::string answered;  // the target's address
  bool through = false;  // one channel inside SSH is open

  static std::string source_of(const ModelHost& host) { return host.six ? "fd00:20::/64" : host.text(); }
  bool bars(const ModelHost& from) const {
    const auto found = failed_logins.find(source_of(from));
    return found != failed_logins.end() && found->second >= kFailedLogins;
  }
  bool waits() const { return state == State::armed || state == State::locked; }
  // Counts one; whether it was one too many for the grant.
  bool fails_from(const ModelHost& from) {
    if (!bars(from)) ++failed_logins[source_of(from)];
    int sources = 0, sum = 0;
    for (const auto& network : networks) sources += network.six ? 1 : network.size;
    for (const auto& [source, failed] : failed_logins) sum += failed;
    return sum >= kFailedLogins * std::min(sources, 3);
  }

  void close_ways() { way = Way::none, through = false; }
};

// (set, key, what it leads to), in nft's words; of ranges every address by itself.
using ModelElement = std::tuple<std::string, std::string, std::string>;
using ModelElements = std::multiset<ModelElement>;  // an address that is there twice is a difference

inline bool is_six(const std::string& address) { return address.find(':') != std::string::npos; }

inline std::string of_family(const std::vector<std::string>& addresses, bool six) {
  for (const auto& address : addresses)
    if (is_six(address) == six) return address;
  return {};
}

class GateModel {
 public:
  std::map<std::string, ModelGrant> grants;  // by id

  // Does the target have an address for whoever may come?
  static bool may_be_enabled(const ModelTarget& target, const ModelPolicy& policy,
                             const std::vector<ModelNetwork>& networks) {
    for (const auto& service : policy.services)
      for (const auto& network : networks)
        if (service.carriage == std::string{"forward"} &&
            of_family(service.managed ? target.system_addresses : target.addresses, network.six).empty())
          return false;
    return true;
  }

  // Which grant a login gets; "" for none.
  std::string admissible(const std::string& rep, const std::string& target, const ModelHost& host) const {
    std::string best;
    for (const auto& [id, grant] : grants) {
      if (grant.state != ModelGrant::State::armed || grant.rep != rep) continue;
      if (!target.empty() && grant.target->name != target) continue;
      if (grant.bars(host)) continue;
      if (std::ranges::none_of(grant.networks, [&](const auto& network) { return network.has(host); }))
        continue;
      if (best.empty() || grant.connect_by < grants.at(best).connect_by) best = id;
    }
    return best;
  }

  // Would a claim from that host give one of its ports two meanings?
  bool clashes(const std::string& id, const ModelHost& host) const {
    const auto ports = places(grants.at(id));
    for (const auto& [other_id, other] : grants) {
      if (other_id == id || other.host != host) continue;
      if (other.state != ModelGrant::State::active && other.state != ModelGrant::State::ending) continue;
      for (const auto& [port, place] : places(other))
        if (const auto at = ports.find(port); at != ports.end() && at->second != place) return true;
    }
    return false;
  }

  // What the kernel would route for a grant; (transport and port) to (address, masked).
  using Routes = std::map<std::string, std::pair<std::string, bool>>;
  static Routes routes(const ModelGrant& grant) {
    Routes routes;
    for (const auto& service : grant.policy->services) {
      if (service.carriage != std::string{"forward"}) continue;
      auto to = of_family(service.managed ? grant.target->system_addresses : grant.target->addresses,
                          grant.host.six);
      if (!service.managed && is_six(grant.answered) == grant.host.six) to = grant.answered;
      for (const auto& transport : service.transports)
        routes[fmt::format("{} . {}", transport, service.port)] = {to, service.masked};
    }
    return routes;
  }

  // Could the kernel route all that, beside what it routes for others?
  bool may_be_routed(const std::string& id) const {
    const auto& grant = grants.at(id);
    const auto mine = routes(grant);
    for (const auto& [other_id, other] : grants) {
      if (other_id == id || other.way != ModelGrant::Way::connected || other.host != grant.host) continue;
      for (const auto& [port, to] : routes(other))
        if (const auto at = mine.find(port); at != mine.end() && at->second != to) return false;
    }
    return true;
  }

  ModelElements elements() const {
    std::set<ModelElement> all;
    for (const auto& [id, grant] : grants) {
      if (grant.state == ModelGrant::State::armed) add_networks(grant, all);
      if (grant.state == ModelGrant::State::active || grant.state == ModelGrant::State::ending)
        add_session(grant, all);
    }
    return {all.begin(), all.end()};
  }

  void after_time(long now) {
    for (auto& [id, grant] : grants) {
      const bool late = grant.waits()                              ? grant.connect_by <= now
                        : grant.state == ModelGrant::State::active ? grant.end_by <= now
                                                                   : true;
      if (late) end(grant);
    }
  }
  void after_restart(long now) {
    for (auto& [id, grant] : grants)
      if (!grant.waits() || grant.connect_by <= now) end(grant);
  }
  static void end(ModelGrant& grant) {
    grant.state = ModelGrant::State::over;
    grant.close_ways();
  }

 private:
  // (transport and port) to whom that is, of forwarded services.
  static std::map<std::string, std::string> places(const ModelGrant& grant) {
    std::map<std::string, std::string> places;
    for (const auto& service : grant.policy->services)
      if (service.carriage == std::string{"forward"})
        for (const auto& transport : service.transports)
          places[fmt::format("{} . {}", transport, service.port)] =
              service.managed ? grant.target->system : grant.target->name;
    return places;
  }

  static const char* digit(bool six) { return six ? "6" : "4"; }
  static std::string to_gate(const ModelHost& host) {
    return fmt::format("{} . tcp . {}", host.text(), kSshPort);
  }

  // The wider of two networks says it all.
  static void add_networks(const ModelGrant& grant, std::set<ModelElement>& all) {
    for (const auto& network : grant.networks) {
      const bool wider = std::ranges::any_of(grant.networks, [&](const ModelNetwork& other) {
        return other.size > network.size && other.holds(network);
      });
      if (wider) continue;
      const std::string set = network.size == 1 ? "admitted" : "entry";
      for (int i = network.first; i < network.first + network.size; ++i)
        all.emplace(set + digit(network.six), to_gate({network.six, i}), "");
    }
  }

  static void add_dial(const std::string& address, int port, std::set<ModelElement>& all) {
    all.emplace(std::string{"dial"} + digit(is_six(address)), fmt::format("{} . tcp . {}", address, port),
                "");
  }

  static void add_session(const ModelGrant& grant, std::set<ModelElement>& all) {
    using Way = ModelGrant::Way;
    const std::string six = digit(grant.host.six);
    all.emplace("admitted" + six, to_gate(grant.host), "");
    if (grant.way == Way::dialling)
      for (const auto& address : grant.target->addresses) add_dial(address, grant.target->ssh_port, all);
    if (grant.way == Way::dialled || grant.way == Way::connected)
      add_dial(grant.answered, grant.target->ssh_port, all);
    if (grant.through)
      for (const auto& service : grant.policy->services)
        if (service.carriage == std::string{"through-ssh"}) add_dial(grant.answered, service.port, all);
    if (grant.way != Way::connected) return;
    for (const auto& [port, to] : routes(grant)) {
      const auto key = grant.host.text() + " . " + port;
      all.emplace("translate" + six, key, to.first);
      all.emplace("forwarded" + six, key + " . " + to.first, "");
      if (to.second) all.emplace("masked" + six, key, "");
    }
  }
};

}  // namespace sallyport
