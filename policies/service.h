// Service: one entry of a policy. Pure; runs in: every program but the workers.
#pragma once

#include <cstdint>
#include <string>

#include "base/strong.h"

namespace sallyport {

using Port = Strong<struct PortTag, std::uint16_t>;

// IANA protocol numbers, as the kernel and nftables write them.
enum class Transport : std::uint8_t { tcp = 6, udp = 17 };

// How the gate carries a service: through its SSH proxy, through its HTTPS proxy, or routed by the kernel.
enum class Carriage : std::uint8_t { ssh, https, forward };

// White paper, "Remote Service HMC Port List": only 22 and 443 belong on a wide network.
enum class Exposure : std::uint8_t { wide, isolated };

struct Service {
  std::string name;
  std::string description;
  Transport transport = Transport::tcp;
  Port port;
  Carriage carriage = Carriage::forward;
  Exposure exposure = Exposure::isolated;
  bool legacy = false;  // "Legacy, Removed" in the white paper: off unless a grant names it
};

const char* to_text(Transport transport) noexcept;  // "tcp", "udp"
const char* to_text(Carriage carriage) noexcept;
const char* to_text(Exposure exposure) noexcept;

}  // namespace sallyport
