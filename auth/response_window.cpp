// Runs in: sallyport-auth.
#include "auth/response_window.h"

#include <limits>
#include <vector>

#include "auth/ocra.h"

namespace sallyport {

namespace {

std::vector<std::optional<std::uint64_t>> counters(const OcraSuite& suite, std::uint64_t expected) {
  if (!suite.has_counter()) return {std::nullopt};
  std::vector<std::optional<std::uint64_t>> all;
  // The last counter of all is never used: there would be none to expect after it.
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  for (std::uint64_t ahead = 0; ahead <= kLookAhead && expected < last - ahead; ++ahead)
    all.emplace_back(expected + ahead);
  return all;
}

std::vector<std::optional<std::uint64_t>> time_steps(const OcraSuite& suite, std::chrono::seconds now) {
  if (!suite.time_step()) return {std::nullopt};
  std::vector<std::optional<std::uint64_t>> all;
  for (auto off = -kTimeTolerance; off <= kTimeTolerance; ++off) {
    const auto moment = now + off * *suite.time_step();
    if (moment.count() >= 0) all.emplace_back(time_step_at(suite, moment));
  }
  return all;
}

}  // namespace

Result<std::optional<std::uint64_t>> match_response(const OcraSuite& suite, const Secret& key,
                                                    const ResponseClaim& claim) {
  OcraInput input;
  input.question = claim.question;
  input.second_question = claim.second_question;
  input.session_information = claim.session;
  if (claim.pin_hash != nullptr) input.pin_hash = claim.pin_hash->clone();
  std::optional<std::uint64_t> next_counter;
  for (const auto& counter : counters(suite, claim.counter)) {
    for (const auto& step : time_steps(suite, claim.now)) {
      input.counter = counter;
      input.time_step = step;
      ASSIGN_OR_RETURN(auto right, ocra(suite, key, input));
      const bool same = claim.response.equals(right);
      wipe(right);
      // The lowest counter that fits is the one that was used; of equal ones nothing more is learned.
      if (same && !next_counter) next_counter = counter ? *counter + 1 : claim.counter;
    }
  }
  return next_counter;
}

}  // namespace sallyport
