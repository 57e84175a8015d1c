// Where sallyport-metrics listens: a unix socket for its own group, or a loopback address. Runs in:
// sallyport-metrics.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "policies/settings.h"

namespace sallyport {

// Does not block. A socket that an earlier run left there is replaced; any other file is not.
Result<UniqueFd> listen_for_metrics(const MetricsSettings& settings);

}  // namespace sallyport
