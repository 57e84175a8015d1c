// doctor: the daemon, what it says of its deny side, and whether the addresses are there that it listens on. Runs in: sallyport.
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

#include "gateway/console/doctor.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

// Of all interfaces.
Result<std::vector<Address>> host_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail_errno("listing this host's addresses");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{list, freeifaddrs};
  std::vector<Address> addresses;
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto* const of = entry->ifa_addr;
    if (of == nullptr) continue;
    const auto length = of->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (const auto endpoint = Endpoint::from_sockaddr(of, static_cast<socklen_t>(length)))  // not of links
      addresses.push_back(endpoint->address);
  }
  return addresses;
}

}  // namespace

Finding judge_addresses(const std::vector<Address>& gate, const std::vector<Address>& host) {
  for (const auto& address : gate)
    if (std::ranges::find(host, address) == host.end())
      return failure(
          fmt::format("{} is no address of this host, so nothing can be enabled", address.text()),
          fmt::format("ip{} address tells which there are; give it to an interface, or take it out of "
                      "addresses in sallyport.toml",
                      address.family() == Family::ipv6 ? " -6" : ""));
  return fine("this host has every address that the gate listens on");
}

Finding check_addresses(const Patient& patient) {
  if (!patient.catalogue)
    return warning("not known while the configuration has problems", "sallyport check names them");
  const auto host = host_addresses();
  return host ? judge_addresses(patient.settings().addresses, *host) : failure(host.error());
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

Finding check_base_table(const Patient& patient) {
  if (!patient.status) return warning("whether the base table is in force is not known", "start sallyportd");
  const auto& firewall = member(*patient.status, "firewall");
  if (text_of(firewall, "base") == "yes" || member(firewall, "base") == true)
    return fine("table inet sallyport_base is in force");
  return failure("table inet sallyport_base is not in force: " + text_of(firewall, "base"),
                 "systemctl restart sallyportd");
}

}  // namespace sallyport
