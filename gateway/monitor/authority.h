// Host and port as they stand in a URL. Pure. Runs in: sallyportd (privileged).
#pragma once

#include <string>

#include "base/endpoint.h"
#include "policies/service.h"

namespace sallyport {

// RFC 3986, section 3.2: an IPv6 address in brackets, the port unless it is https's own.
inline std::string authority(const std::string& host, Port port) {
  constexpr std::uint16_t kUsual = 443;
  const auto address = Address::parse(host);
  const auto name = address && address->family() == Family::ipv6 ? "[" + address->text() + "]" : host;
  return port.value() == kUsual ? name : name + ":" + std::to_string(port.value());
}

}  // namespace sallyport
