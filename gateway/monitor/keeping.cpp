// Runs in: sallyportd (privileged).
#include "gateway/monitor/keeping.h"

namespace sallyport {

Done is_old(const Gate& gate, const std::string& what, std::uint32_t days, WallTime over, WallTime written) {
  if (days == 0) return fail("{} is kept for ever here (keep_days in sallyport.toml)", what);
  const auto limit = gate.clock.wall() - std::chrono::days{days};
  if (over > limit || written > limit) return fail("{} is not {} days old", what, days);
  return {};
}

}  // namespace sallyport
