// Runs in: sallyport. Pure; what is read, host_network_reading.cpp reads.
#include "gateway/console/host_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <sstream>

namespace sallyport {

namespace {

constexpr int kHexadecimal = 16;
// States of /proc/net/tcp and udp: TCP_LISTEN; TCP_CLOSE, which an unconnected UDP socket is in.
constexpr std::string_view kListening = "0A", kUnconnected = "07";

std::string name_of(const GateNeeds::Service& service) {
  return fmt::format("{} {}", to_text(service.transport), service.port.value());
}

// Of many findings the worst, with how many more there are.
class Worst {
 public:
  explicit Worst(Finding fine) : worst_(std::move(fine)) {}
  void add(Finding finding) {
    count_ += finding.verdict == Verdict::ok ? 0 : 1;
    if (finding.verdict > worst_.verdict) worst_ = std::move(finding);
  }
  Finding take() && {
    if (count_ > 1) worst_.text += fmt::format(" (and {} more like it)", count_ - 1);
    return std::move(worst_);
  }

 private:
  Finding worst_;
  int count_ = 0;
};

bool is_any(const Address& address) {
  return std::all_of(address.data(), address.data() + address.size(),
                     [](std::uint8_t byte) { return byte == 0; });
}

std::uint32_t hexadecimal(std::string_view text) {
  return static_cast<std::uint32_t>(std::strtoul(std::string{text}.c_str(), nullptr, kHexadecimal));
}

// "0100007F:0016": words of 32 bits in the machine's order, printed as numbers.
std::optional<Endpoint> endpoint_in(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t at = 0; at < colon; at += 8) {
    const auto value = hexadecimal(text.substr(at, 8));
    std::memcpy(bytes.data() + at / 2, &value, sizeof value);
  }
  return Endpoint{Address::from_bytes(colon == 8 ? Family::ipv4 : Family::ipv6, bytes.data()),
                  static_cast<std::uint16_t>(hexadecimal(text.substr(colon + 1, 4)))};
}

// :: takes IPv4 too, unless it is told not to.
bool takes(const Endpoint& socket, const Address& address) {
  if (socket.address == address) return true;
  return is_any(socket.address) &&
         (socket.address.family() == address.family() || socket.address.family() == Family::ipv6);
}

std::vector<std::string_view> hooks_of(GateNeeds::Path path) {
  switch (path) {
    case GateNeeds::Path::to_gate:
      return {"prerouting", "input"};
    case GateNeeds::Path::through:
      return {"prerouting", "forward", "postrouting"};
    case GateNeeds::Path::to_target:
      return {"output", "postrouting"};
  }
  return {};
}

// "of the gate at input", "to the targets at output".
std::string place_of(const GateNeeds::Service& service, std::string_view hook) {
  const bool out = service.path == GateNeeds::Path::to_target;
  return fmt::format("{} {} at {}", name_of(service), out ? "to the targets" : "of the gate", hook);
}

Finding judge_drop(const HostDrop& drop, const GateNeeds::Service& service, std::string_view hook) {
  const auto fix =
      fmt::format("accept {} there (the gate's own table goes on dropping it while no session needs it)",
                  name_of(service));
  const auto what = place_of(service, hook);
  if (drop.certain) return failure(fmt::format("{} drops {}", drop.where, what), fix);
  return warning(fmt::format("{} may drop {}", drop.where, what), "see that it does not; else " + fix);
}

// The interfaces over which `target` can be reached by the most specific routes.
std::set<std::string> ways_to(const Address& target, const std::vector<HostRoute>& routes) {
  std::set<std::string> interfaces;
  int best = -1;
  for (const auto& route : routes) {
    if (!route.network.contains(target) || route.network.prefix_length() < best) continue;
    if (route.network.prefix_length() > best) interfaces.clear();
    best = route.network.prefix_length();
    interfaces.insert(route.interface);
  }
  return interfaces;
}

// What an admin types. A port of their own: a gate that shares a port with sshd at another address would be
// one wrong ListenAddress away from not starting, or from keeping the admin out.
std::string way_out_of(const HostSocket& socket) {
  if (socket.program == "sshd")
    return "echo 'Port 2222' > /etc/ssh/sshd_config.d/port.conf && sshd -t && systemctl restart ssh; log in "
           "at "
           "port 2222 before you leave";
  if (socket.program == "systemd")  // it listens for sshd, and starts it
    return "systemctl edit ssh.socket (under [Socket]: ListenStream= and ListenStream=2222) && systemctl "
           "restart "
           "ssh.socket; log in at port 2222 before you leave";
  return "move that program to another port or address (of sshd: Port, ListenAddress)";
}

Finding judge_socket(const HostSocket& socket, const GateNeeds::Service& service, const Address& address) {
  const Endpoint wanted{address, service.port.value()};
  const auto what =
      fmt::format("{} {} is in use: {} listens on {}", to_text(service.transport), wanted.text(),
                  socket.program.empty() ? "a program" : socket.program, socket.local.text());
  const auto fix = way_out_of(socket);
  if (service.path == GateNeeds::Path::to_gate) return failure(what, fix);
  return warning(what + ". The gate keeps that port for its sessions: nobody reaches the program there", fix);
}

}  // namespace

bool GateNeeds::forwards() const {
  return std::ranges::any_of(services, [](const Service& service) { return service.path == Path::through; });
}

bool GateNeeds::has(Family family) const {
  return std::ranges::any_of(addresses,
                             [family](const Address& address) { return address.family() == family; });
}

namespace {

// How the packets of such a service pass; the proxied ones are the gate's SSH port and its way to the
// targets'.
std::optional<GateNeeds::Path> path_of(Carriage carriage) {
  if (carriage == Carriage::forward) return GateNeeds::Path::through;
  if (carriage == Carriage::through_ssh) return GateNeeds::Path::to_target;
  return std::nullopt;
}

}  // namespace

GateNeeds needs_of(const Catalogue& catalogue) {
  GateNeeds needs;
  std::set<GateNeeds::Service> services{
      {Transport::tcp, catalogue.settings.ssh_port, GateNeeds::Path::to_gate}};
  if (const auto& door = catalogue.settings.https)
    services.insert({Transport::tcp, door->port, GateNeeds::Path::to_gate});
  for (const auto& [name, policy] : catalogue.policies)
    for (const auto& service : policy.services)
      for (const auto transport : service.transports)
        if (const auto path = path_of(service.carriage)) services.insert({transport, service.port, *path});
  needs.addresses = catalogue.settings.addresses;
  for (const auto& [name, target] : catalogue.targets) {
    services.insert({Transport::tcp, target.ssh_port, GateNeeds::Path::to_target});
    if (target.https) services.insert({Transport::tcp, target.https->port, GateNeeds::Path::to_target});
    needs.targets.insert(needs.targets.end(), target.addresses.begin(), target.addresses.end());
    for (const auto& system : target.managed_systems)
      needs.targets.insert(needs.targets.end(), system.addresses.begin(), system.addresses.end());
  }
  needs.services.assign(services.begin(), services.end());
  needs.mark_bit = catalogue.settings.mark_bit;
  return needs;
}

Finding judge_host_drops(const std::vector<HostTable>& tables, const GateNeeds& needs) {
  Worst worst{fine("no rule of another table drops what the gate's services need")};
  for (const auto& service : needs.services)
    for (const auto hook : hooks_of(service.path))
      for (const auto& table : tables)
        for (const auto& drop : table.drops({hook, service.transport, service.port}))
          worst.add(judge_drop(drop, service, hook));
  return std::move(worst).take();
}

Finding judge_mark_uses(const std::vector<HostTable>& tables, std::uint32_t bit) {
  Worst worst{fine(fmt::format("no other table uses the gate's bit {:#x} of the packet mark", bit))};
  const auto fix = "use other bits there, or choose another one with mark_bit in sallyport.toml";
  for (const auto& table : tables)
    for (const auto& use : table.mark_uses(bit)) {
      const auto what = fmt::format("the gate's bit {:#x} of the packet mark: {}", bit, use.where);
      worst.add(use.opens ? failure(what + ". A packet that gets it passes the gate's deny side", fix)
                          : warning(what, fix));
    }
  return std::move(worst).take();
}

Finding judge_forwarding(const ForwardingSwitches& now, const GateNeeds& needs) {
  if (!needs.forwards()) return fine("no policy forwards a port: the host need not route");
  if (needs.has(Family::ipv4) && !now.ipv4)
    return failure("the host does not route IPv4, and policies forward ports",
                   "sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d");
  if (needs.has(Family::ipv6) && !now.ipv6)
    return failure(
        "the host does not route IPv6, and policies forward ports",
        "sysctl -w net.ipv6.conf.all.forwarding=1, and in /etc/sysctl.d (where it learns its own routes "
        "from router advertisements, accept_ra=2 as well)");
  return fine("the host routes what policies forward");
}

// An answer that comes in over another interface than the one that the target's route leads out of is dropped
// there before any table of ours sees it: the service then hangs, without a trace.
Finding judge_reverse_path(const std::vector<std::string>& strict, const std::vector<HostRoute>& routes,
                           const GateNeeds& needs) {
  if (!needs.forwards() || strict.empty()) return fine("reverse-path filtering is not in the way");
  for (const auto& target : needs.targets) {
    if (target.family() != Family::ipv4) continue;  // the switch is IPv4's alone
    const auto ways = ways_to(target, routes);
    if (ways.empty())
      return warning(
          fmt::format("the host has no route to {}, and reverse-path filtering is strict", target.text()),
          "add the route: without it the target's answers are dropped");
    if (ways.size() > 1)
      return warning(
          fmt::format("{} is reached over {}, and reverse-path filtering is strict (rp_filter=1 on {}): an "
                      "answer that comes in over another one than the question went out of is dropped",
                      target.text(), fmt::join(ways, " and "), fmt::join(strict, ", ")),
          "one route to each target, or rp_filter=2 on the interfaces of the targets' side");
  }
  return fine(fmt::format("reverse-path filtering is strict on {}, and each target has one route",
                          fmt::join(strict, ", ")));
}

std::vector<HostRoute> routes_in(std::string_view proc_net_route) {
  std::vector<HostRoute> routes;
  std::istringstream lines{std::string{proc_net_route}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string interface, destination, gateway, flags, references, use, metric, mask;
    words >> interface >> destination >> gateway >> flags >> references >> use >> metric >> mask;
    if (mask.size() != 8 || destination.size() != 8) continue;  // the heading
    const auto address = hexadecimal(destination);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &address, sizeof address);
    const auto text = fmt::format("{}/{}", Address::from_bytes(Family::ipv4, bytes.data()).text(),
                                  __builtin_popcount(hexadecimal(mask)));
    if (auto network = Network::parse(text))
      routes.push_back(
          {interface, *network, static_cast<std::uint32_t>(std::strtoul(metric.c_str(), nullptr, 10))});
  }
  return routes;
}

std::vector<HostSocket> sockets_in(std::string_view proc_net, Transport transport) {
  std::vector<HostSocket> sockets;
  std::istringstream lines{std::string{proc_net}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string number, local, remote, state, queues, timer, retransmits, owner, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> owner >> timeout >>
        inode;
    if (state != (transport == Transport::tcp ? kListening : kUnconnected)) continue;
    if (const auto endpoint = endpoint_in(local)) sockets.push_back({transport, *endpoint, inode});
  }
  return sockets;
}

Finding judge_service_ports(const std::vector<HostSocket>& sockets, const GateNeeds& needs,
                            const std::vector<std::string>& own) {
  Worst worst{fine("no other program listens on a service port at the gate's addresses")};
  for (const auto& service : needs.services) {
    if (service.path == GateNeeds::Path::to_target) continue;
    for (const auto& address : needs.addresses) {
      const Endpoint wanted{address, service.port.value()};
      if (service.path == GateNeeds::Path::to_gate && std::ranges::find(own, wanted.text()) != own.end())
        continue;
      for (const auto& socket : sockets)
        if (socket.transport == service.transport && socket.local.port == wanted.port &&
            takes(socket.local, address))
          worst.add(judge_socket(socket, service, address));
    }
  }
  return std::move(worst).take();
}

}  // namespace sallyport
