// doctor: what of the host's own network stands in the gate's way: other tables' drops, forwarding,
// reverse-path filtering, a clash over the packet mark, programs on the gate's ports. Reads only. Runs in:
// sallyport.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/console/doctor.h"
#include "gateway/console/host_rules.h"

namespace sallyport {

// Rows for the doctor's table.
Finding check_nftables(const Patient& patient);
Finding check_host_firewall(const Patient& patient);
Finding check_mark_bit(const Patient& patient);
Finding check_forwarding(const Patient& patient);
Finding check_reverse_path(const Patient& patient);
Finding check_ports(const Patient& patient);

// ---- Pure parts.

// What the gate's configuration needs of the host.
struct GateNeeds {
  enum class Path : std::uint8_t {
    to_gate,    // from a rep to the gate itself
    through,    // from a rep through the gate to a target
    to_target,  // from the gate itself to a target
  };
  struct Service {
    Transport transport = Transport::tcp;
    Port port;
    Path path = Path::to_gate;
    auto operator<=>(const Service&) const = default;
  };
  std::vector<Service> services;   // each once
  std::vector<Address> addresses;  // the gate's own
  std::vector<Address> targets;    // with the managed systems
  std::uint32_t mark_bit = 0;

  bool forwards() const;
  bool has(Family family) const;
};
GateNeeds needs_of(const Catalogue& catalogue);

Finding judge_host_drops(const std::vector<HostTable>& tables, const GateNeeds& needs);
Finding judge_mark_uses(const std::vector<HostTable>& tables, std::uint32_t bit);

struct ForwardingSwitches {
  bool ipv4 = false, ipv6 = false;
};
Finding judge_forwarding(const ForwardingSwitches& now, const GateNeeds& needs);

// A route of /proc/net/route.
struct HostRoute {
  std::string interface;
  Network network;
  std::uint32_t metric = 0;
};
std::vector<HostRoute> routes_in(std::string_view proc_net_route);
// `strict`: interfaces where the kernel drops what does not come in where its source's route goes out.
Finding judge_reverse_path(const std::vector<std::string>& strict, const std::vector<HostRoute>& routes,
                           const GateNeeds& needs);

struct HostSocket {
  Transport transport = Transport::tcp;
  Endpoint local;
  std::string inode = {};    // as /proc/PID/fd names it
  std::string program = {};  // who has it open, as far as that is known
};
// Of /proc/net/tcp and tcp6: those that listen; of udp and udp6: those that are not connected.
std::vector<HostSocket> sockets_in(std::string_view proc_net, Transport transport);
// `own`: what the gate itself listens on, "192.0.2.1:22".
Finding judge_service_ports(const std::vector<HostSocket>& sockets, const GateNeeds& needs,
                            const std::vector<std::string>& own);

}  // namespace sallyport
