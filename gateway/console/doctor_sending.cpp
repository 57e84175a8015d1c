// doctor: does the journal reach whom it is sent to? Runs in: sallyport.
#include "gateway/console/doctor.h"
#include "gateway/console/sending.h"

namespace sallyport {

Finding check_sending(const Patient& patient) {
  const auto settings = patient.settings();
  if (settings.destinations.empty())
    return fine("the journal is sent nowhere else ([[send]] in sallyport.toml)");
  const auto all = look_at_sending(patient.context, settings.destinations);
  if (!all)
    return warning("how far it is cannot be told: " + all.error().message(), "run as root or as an auditor");
  return judge_sending(*all, SystemClock{}.wall());
}

// The worst of them is told.
Finding judge_sending(const std::vector<Sending>& all, WallTime now) {
  const auto told = [&](const Sending& sending) {
    return fmt::format("{}: {}", sending.destination.name, sentence(sending, now));
  };
  for (const auto& sending : all)
    if (is_late(sending, now)) return failure(told(sending), remedy(sending));
  for (const auto& sending : all)
    if (!sending.delivery.problem.empty()) return warning(told(sending), remedy(sending));
  return fine(
      fmt::format("{} destination{} up with the journal", all.size(), all.size() == 1 ? " keeps" : "s keep"));
}

}  // namespace sallyport
