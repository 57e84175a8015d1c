// Runs in: sallyport-metrics.
#pragma once

#include "base/result.h"
#include "gateway/metrics/options.h"

namespace sallyport {

// Follows the journal and answers until SIGTERM. Without [metrics] in sallyport.toml there is nothing to do.
Done run_metrics(const MetricsOptions& options);

}  // namespace sallyport
