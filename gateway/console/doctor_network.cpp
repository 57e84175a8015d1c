// doctor: the daemon, nftables, the host's own firewall, ports. Runs in: sallyport.
#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <sstream>

#include "gateway/console/doctor.h"
#include "gateway/console/host_firewall.h"
#include "gateway/console/values.h"

namespace sallyport {

namespace {

std::string read_file(const char* path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

// "0100007F:0016" of /proc/net/tcp: words of 32 bits in the machine's order, printed as numbers.
std::optional<Endpoint> parse_proc_endpoint(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t word = 0; word < colon / 8; ++word) {
    const auto value =
        static_cast<std::uint32_t>(std::strtoul(std::string{text.substr(word * 8, 8)}.c_str(), nullptr, 16));
    std::memcpy(bytes.data() + word * 4, &value, sizeof value);
  }
  const auto port = std::strtoul(std::string{text.substr(colon + 1, 4)}.c_str(), nullptr, 16);
  return Endpoint{Address::from_bytes(colon == 8 ? Family::ipv4 : Family::ipv6, bytes.data()),
                  static_cast<std::uint16_t>(port)};
}

bool is_any(const Address& address) {
  return std::all_of(address.data(), address.data() + address.size(),
                     [](std::uint8_t byte) { return byte == 0; });
}

// Whether `listener` would take the gate's `endpoint` away. :: takes IPv4 too, unless it is told not to.
bool in_the_way(const Endpoint& listener, const Endpoint& endpoint) {
  if (listener.port != endpoint.port) return false;
  const bool same_or_wider =
      listener.address.family() == endpoint.address.family() || listener.address.family() == Family::ipv6;
  return listener.address == endpoint.address || (is_any(listener.address) && same_or_wider);
}

Finding judge_chain(const HostChain& chain, std::uint16_t port) {
  const auto name =
      fmt::format("the host's own firewall, table {}, chain {} ({})", chain.table, chain.chain, chain.hook);
  const auto what = chain.hook == "output" ? std::string{"what goes from the gate to the targets' SSH port"}
                                           : fmt::format(
                                                 "tcp port {} of the gate's addresses; the gate's own table "
                                                 "still drops it while no grant is live",
                                                 port);
  if (chain.drops_by_default && !chain.has_accepts)
    return failure(name + " drops everything", "accept there " + what);
  if (chain.drops_by_default)
    return warning(name + " drops what it does not accept", "see that it accepts " + what);
  if (chain.table_has_drops)
    return warning(name + " has rules that drop", "see that they do not drop " + what);
  return fine(name + " is not in the way");
}

}  // namespace

std::vector<Endpoint> listeners_in(std::string_view proc_net_tcp) {
  std::vector<Endpoint> listeners;
  std::istringstream lines{std::string{proc_net_tcp}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string number, local, remote, state;
    words >> number >> local >> remote >> state;
    const auto endpoint = state == "0A" ? parse_proc_endpoint(local) : std::nullopt;  // TCP_LISTEN
    if (endpoint) listeners.push_back(*endpoint);
  }
  return listeners;
}

Finding check_daemon(const Patient& patient) {
  if (!patient.status)
    return failure(patient.status.error().message(), "systemctl status sallyportd says why");
  const auto& journal = member(*patient.status, "journal");
  const auto writable = text_of(journal, "writable");
  if (writable != "yes" && member(journal, "writable") != true)
    return failure("sallyportd runs, but its journal cannot be written: " + writable,
                   "make room, or mend the disk");
  return fine(
      fmt::format("sallyportd {} answers, its journal can be written", text_of(*patient.status, "version")));
}

Finding check_nftables(const Patient&) {
  const auto chains = read_host_chains();
  if (chains) return fine("nftables can be read");
  if (chains.error().code() == EPERM) return warning("nftables cannot be read without rights", "run as root");
  return failure("nftables cannot be read: " + chains.error().message(), "modprobe nf_tables");
}

Finding check_base_table(const Patient& patient) {
  if (!patient.status) return warning("whether the base table is in force is not known", "start sallyportd");
  const auto& firewall = member(*patient.status, "firewall");
  if (text_of(firewall, "base") == "yes" || member(firewall, "base") == true)
    return fine("table inet sallyport_base is in force");
  return failure("table inet sallyport_base is not in force: " + text_of(firewall, "base"),
                 "systemctl restart sallyportd");
}

// The worst of the host's chains.
Finding check_host_firewall(const Patient& patient) {
  if (!read_file("/proc/net/ip_tables_names").empty() || !read_file("/proc/net/ip6_tables_names").empty())
    return warning("the host's own firewall is legacy iptables, which cannot be looked into here",
                   "see with iptables-legacy -S that it accepts the gate's SSH port");
  const auto chains = read_host_chains();
  if (!chains)
    return warning("the host's own firewall cannot be looked into: " + chains.error().message(),
                   "run as root");
  Finding worst = fine("the host's own firewall is not in the way");
  for (const auto& chain : *chains) {
    auto finding = judge_chain(chain, patient.settings().ssh_port.value());
    if (finding.verdict > worst.verdict) worst = std::move(finding);
  }
  return worst;
}

Finding check_ports(const Patient& patient) {
  auto listeners = listeners_in(read_file("/proc/net/tcp"));
  const auto listeners6 = listeners_in(read_file("/proc/net/tcp6"));
  listeners.insert(listeners.end(), listeners6.begin(), listeners6.end());
  const auto own = patient.status ? texts_of(*patient.status, "listening") : std::vector<std::string>{};
  const auto settings = patient.settings();
  for (const auto& address : settings.addresses) {
    const Endpoint endpoint{address, settings.ssh_port.value()};
    if (std::find(own.begin(), own.end(), endpoint.text()) != own.end()) continue;  // that is the gate itself
    for (const auto& listener : listeners)
      if (in_the_way(listener, endpoint))
        return failure(fmt::format("{} is in use: something listens on {}", endpoint.text(), listener.text()),
                       "move it to another port or address (of sshd: Port, ListenAddress)");
  }
  return fine("the gate's SSH port is free on all its addresses");
}

}  // namespace sallyport
