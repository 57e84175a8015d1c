// The version, from CMake. Runs in: sallyportd.
#pragma once

namespace sallyport {

inline constexpr const char* kVersion = SALLYPORT_VERSION;

}  // namespace sallyport
