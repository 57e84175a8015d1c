// Service: one entry of a policy. Pure; runs in: every program but the workers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/strong.h"

namespace sallyport {

using Port = Strong<struct PortTag, std::uint16_t>;

// IANA protocol numbers, as the kernel and nftables write them.
enum class Transport : std::uint8_t { tcp = 6, udp = 17 };

// How the gate carries a service: through its SSH proxy, through its HTTPS proxy, routed by the kernel, or as
// a direct-tcpip channel (RFC 4254, section 7.2) inside the rep's authenticated SSH connection. A forwarded
// port is open to everybody who shares the rep's address; one inside SSH to the rep alone.
enum class Carriage : std::uint8_t { ssh, https, forward, through_ssh };

// White paper, "Remote Service HMC Port List": only 22 and 443 belong on a wide network.
enum class Exposure : std::uint8_t { wide, isolated };

// Whom a service reaches: the target itself, or the managed system that the grant names.
enum class Reach : std::uint8_t { hmc, managed_system };

struct Service {
  std::string name;
  std::string description;
  std::vector<Transport> transports{Transport::tcp};  // each once
  Port port;                                          // at the gate and at the target
  Carriage carriage = Carriage::forward;
  Exposure exposure = Exposure::isolated;
  Reach reach = Reach::hmc;
  bool legacy = false;            // "Legacy, Removed" in the white paper: off unless a grant names it
  bool translate_source = false;  // forward: the target sees the gate's address instead of the rep's
  bool operator==(const Service&) const = default;
};

const char* to_text(Transport transport) noexcept;  // "tcp", "udp"
const char* to_text(Carriage carriage) noexcept;
const char* to_text(Exposure exposure) noexcept;
const char* to_text(Reach reach) noexcept;

}  // namespace sallyport
