// doctor: grants whose rep or target is no longer in the files. Runs in: sallyport.
#include "gateway/console/doctor.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

// What the grant needs and the files have not: "targets/hmc1.toml"; empty when all is there.
std::string missing_file(const Catalogue& files, const nlohmann::json& grant) {
  const auto target = text_of(grant, "target"), rep = text_of(grant, "rep");
  if (!files.targets.contains(target)) return "targets/" + target + ".toml";
  return files.reps.contains(rep) ? "" : "reps/" + rep + ".toml";
}

}  // namespace

Finding check_grants(const Patient& patient) {
  if (!patient.grants) return warning("what is enabled is not known", "start sallyportd");
  if (!patient.catalogue)
    return warning("not known while the configuration has problems", "sallyport check names them");
  const auto& grants = member(*patient.grants, "grants");
  for (const auto& grant : grants) {
    const auto id = text_of(grant, "id"), file = missing_file(*patient.catalogue, grant);
    if (!file.empty())
      return failure(
          fmt::format("grant {} is for target {}, but there is no {}: nobody gets in by it", id,
                      text_of(grant, "target"), (patient.context.config / file).string()),
          fmt::format("restore it and systemctl reload sallyportd, or sallyport revoke {}", id));
  }
  return fine(grants.empty() ? "nothing is enabled" : "each grant has its rep and its target");
}

}  // namespace sallyport
