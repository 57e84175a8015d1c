// Session information (S) of an OCRA response: the gate and the grant that it is given to (RFC 6287 section
// 5.1). Made by both sides. Pure. Runs in: sallyport-auth, sallyport-respond.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "auth/ocra_suite.h"
#include "base/result.h"

namespace sallyport {

// With T = "sallyport-ocra-session-v1\n" + fingerprint + "\n" + grant + "\n":
//   block 0 = SHA-512(T); block i = SHA-512(T + one byte of value i), i = 1..7
//   S = the first `length` bytes of block 0 | block 1 | … | block 7
// So S of up to 64 bytes is the plain digest, cut off; a shorter S is always the beginning of a longer one;
// and S is as long as the suite says: nothing is padded. T ends with a newline, which no i is, and neither
// part has one inside, so no two pairs are spelt alike.
//
// `fingerprint`: of the gate's first SSH host key as OpenSSH prints it, "SHA256:" and 43 characters of
// Base64. `grant`: the grant's id, "g-7k3m9q2x". Errors: one of them is not of that form; a length
// outside 1..512.
Result<std::string> ocra_session(std::string_view fingerprint, std::string_view grant, std::size_t length);

// Whether `text` can be a fingerprint, or a grant's id: 1 to 64 of a-z, 0-9 and "-", a "g-" in front.
bool is_fingerprint(std::string_view text);
bool is_grant_id(std::string_view text);

}  // namespace sallyport
