// Runs in: sallyport-https.
#include "gateway/https/pace.h"

#include <algorithm>

namespace sallyport {

void Pace::note(Duration waited, std::uint64_t moved) {
  const auto news = measured_ && moved > moved_ ? moved - moved_ : 0;
  moved_ = moved;
  measured_ = true;
  // Beyond this it makes no difference, and could not be counted.
  constexpr auto kEnough = kLeastRate * static_cast<std::uint64_t>(2 * kMost.count() / 1000);
  const Duration bought{static_cast<Duration::rep>(std::min(news, kEnough) * 1000 / kLeastRate)};
  patience_ = std::min(kMost, patience_ - waited + bought);
}

}  // namespace sallyport
