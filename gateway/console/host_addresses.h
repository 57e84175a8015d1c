// The addresses of this host, interface by interface. Runs in: sallyport.
#pragma once

#include <string>
#include <vector>

#include "base/endpoint.h"

namespace sallyport {

struct HostAddress {
  std::string interface;
  Address address;
};

// But for link-local ones of IPv6, which nobody reaches without naming an interface (RFC 4007).
Result<std::vector<HostAddress>> host_addresses();

// "eth0 192.0.2.1, eth1 198.51.100.1". Pure.
std::string list_of(const std::vector<HostAddress>& addresses);

// What `wanted` names: addresses of `host`, or interfaces that stand for all of theirs; each once. Pure.
Result<std::vector<Address>> service_addresses(const std::vector<std::string>& wanted,
                                               const std::vector<HostAddress>& host);

}  // namespace sallyport
