// What a browser says of the moment in which a security key was asked: CollectedClientData of W3C Web
// Authentication Level 2, section 5.8.1, whose hash the key signs. Pure. Runs in: sallyport-auth.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

inline constexpr std::size_t kLongestClientData = 4096;

// What it has to say.
struct ExpectedClientData {
  std::string_view challenge;  // the bytes
  std::string_view origin;     // "https://gate.example.com", of the gate's own settings
};

// Section 7.2, steps 11 to 14: of type webauthn.get, for this challenge, asked by a page of this origin that
// stood in no frame of another's, over a connection without Token Binding. Error: what is wrong. Other
// members may be there, as the section wants it, but none twice.
Done check_client_data(std::string_view json, const ExpectedClientData& expected);

}  // namespace sallyport
