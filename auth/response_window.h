// Which counters and time steps a response may have been made with. Pure. Runs in: sallyport-auth.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/ocra_suite.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// A device may have counted on without us, by at most so many: the counters tried are expected .. expected
// + 10.
inline constexpr std::uint64_t kLookAhead = 10;
// A device's clock may be off by at most so many steps, either way (RFC 6238 section 5.2).
inline constexpr std::int64_t kTimeTolerance = 1;

struct ResponseClaim {
  std::string_view question;
  const Secret& response;                // without spaces
  std::uint64_t counter = 0;             // the next one expected; only for a suite with C
  std::chrono::seconds now{0};           // since 1970; only for a suite with T
  std::string_view second_question{};    // mutual authentication
  const Secret* pin_hash = nullptr;      // only, and always, for a suite with P
  std::optional<std::string> session{};  // the same for S
};

// The counter to expect next when the response is right (unchanged for a suite without one); nothing when it
// is wrong. All candidates are computed and compared whatever matches, so that the time tells nothing. Error:
// the suite needs something that is not there, or does not have something that is.
Result<std::optional<std::uint64_t>> match_response(const OcraSuite& suite, const Secret& key,
                                                    const ResponseClaim& claim);

}  // namespace sallyport
