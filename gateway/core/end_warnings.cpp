// Runs in: sallyportd.
#include "gateway/core/end_warnings.h"

#include <array>

namespace sallyport {

namespace {

constexpr std::array<BootClock::duration, 3> kWarnings{std::chrono::minutes{15}, std::chrono::minutes{5},
                                                       std::chrono::minutes{1}};

}  // namespace

EndWarnings::EndWarnings(BootClock::duration length) : next_(0) {
  while (next_ < kWarnings.size() && kWarnings[next_] >= length) ++next_;
}

bool EndWarnings::due(BootClock::duration left) {
  const auto before = next_;
  while (next_ < kWarnings.size() && left <= kWarnings[next_]) ++next_;
  return next_ != before;
}

}  // namespace sallyport
