// Runs in: sallyportd (privileged).
#include "gateway/monitor/requests.h"

namespace sallyport {

Done RequestBudget::spend(const Ask& ask, Phase phase) {
  if (!permitted(ask.index(), phase))
    return fail("asked question {} in phase {}", ask.index(), static_cast<int>(phase));
  if (spent_[ask.index()] >= request_for(ask.index()).most)
    return fail("asked question {} too often", ask.index());
  ++spent_[ask.index()];
  return {};
}

}  // namespace sallyport
