// doctor: the daemon, what it says of its deny side, and whether the addresses that it listens on are there.
// Runs in: sallyport.
#include <algorithm>

#include "gateway/console/doctor.h"
#include "gateway/review/values.h"

namespace sallyport {

Finding judge_addresses(const std::vector<Address>& gate, const std::vector<HostAddress>& host) {
  for (const auto& address : gate)
    if (std::ranges::find(host, address, &HostAddress::address) == host.end())
      return failure(
          fmt::format("{} is no address of this host, so nothing can be enabled", address.text()),
          fmt::format("it has {}; give that address to an interface, or take it out of addresses in "
                      "sallyport.toml",
                      list_of(host)));
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
