// Runs in: sallyport.
#include "gateway/console/host_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

#include "base/escape.h"
#include "base/handle.h"

namespace sallyport {

namespace {

// fe80::/10
bool is_link_local(const Address& address) {
  return address.family() == Family::ipv6 && address.data()[0] == 0xfe && (address.data()[1] & 0xc0) == 0x80;
}

std::vector<Address> named_by(const std::string& wanted, const std::vector<HostAddress>& host) {
  const auto address = Address::parse(wanted);
  std::vector<Address> found;
  for (const auto& one : host)
    if (address ? one.address == *address : one.interface == wanted) found.push_back(one.address);
  return found;
}

}  // namespace

Result<std::vector<HostAddress>> host_addresses() {
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return fail_errno("asking for this host's addresses");
  const std::unique_ptr<ifaddrs, FreeWith<freeifaddrs>> all{raw};
  std::vector<HostAddress> found;
  for (const ifaddrs* one = raw; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    const auto size = one->ifa_addr->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    const auto endpoint = Endpoint::from_sockaddr(one->ifa_addr, static_cast<socklen_t>(size));
    if (endpoint && !is_link_local(endpoint->address)) found.push_back({one->ifa_name, endpoint->address});
  }
  return found;
}

std::string list_of(const std::vector<HostAddress>& addresses) {
  std::string text;
  for (const auto& [interface, address] : addresses)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", interface, address.text());
  return text;
}

Result<std::vector<Address>> service_addresses(const std::vector<std::string>& wanted,
                                               const std::vector<HostAddress>& host) {
  std::vector<Address> addresses;
  for (const auto& one : wanted) {
    const auto named = named_by(one, host);
    if (named.empty())
      return fail("{} is neither an address nor an interface with addresses of this host (it has {})",
                  escape_terminal(one), list_of(host));
    for (const auto& address : named)
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace sallyport
