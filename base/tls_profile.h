// Which TLS the gate's HTTPS door speaks, on both sides; what that means is in gateway/https/tls.cpp.
// Runs in: all.
#pragma once

#include <cstdint>

namespace sallyport {

enum class TlsProfile : std::uint8_t { modern, nist_800_131a };
inline constexpr auto kLastTlsProfile = TlsProfile::nist_800_131a;

}  // namespace sallyport
