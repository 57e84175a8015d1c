// doctor: whether the numbers for a monitoring system can be had. Runs in: sallyport.
#include "base/reach.h"
#include "gateway/console/doctor.h"

namespace sallyport {

Finding check_metrics(const Patient& patient) {
  const auto metrics = patient.settings().metrics;
  if (!metrics) return fine("no numbers for a monitoring system: there is no [metrics] in sallyport.toml");
  const bool is_unix = !metrics->socket.empty();
  const auto where = is_unix ? metrics->socket.string() : metrics->loopback.text();
  const auto reached = is_unix ? try_to_connect(metrics->socket) : try_to_connect(metrics->loopback);
  if (reached) return fine(fmt::format("sallyport-metrics answers at {}", where));
  if (reached.error().code() == EACCES)
    return warning(fmt::format("whether sallyport-metrics answers at {} is not for you to see", where),
                   "run this as root, or as a member of sallyport-metrics");
  return warning(fmt::format("sallyport-metrics does not answer at {}", where),
                 "systemctl restart sallyport-metrics");
}

}  // namespace sallyport
