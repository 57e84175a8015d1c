// doctor: config, permissions, host keys, records. Runs in: sallyport.
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/audit/state_folder.h"
#include "gateway/console/doctor.h"
#include "gateway/console/problem_report.h"
#include "gateway/core/host_keys.h"
#include "policies/evaluate.h"

namespace sallyport {

namespace {

struct Folder {
  std::filesystem::path path;
  mode_t forbidden;  // bits that must not be set
  const char* fix;   // a chmod mode
};

// Empty when all is well; a folder that is not there is another check's matter.
std::string fault_of(const Folder& folder) {
  struct stat status {};
  if (lstat(folder.path.c_str(), &status) != 0) return {};
  if (!S_ISDIR(status.st_mode)) return "is not a folder";
  if (status.st_uid != 0) return "is not owned by root";
  return (status.st_mode & folder.forbidden) != 0 ? "is open to more people than it should be" : "";
}

}  // namespace

Finding check_config(const Patient& patient) {
  if (patient.catalogue) {
    const auto& all = *patient.catalogue;
    return fine(fmt::format("{}: {} policies, {} targets, {} reps", patient.context.config.string(),
                            all.policies.size(), all.targets.size(), all.reps.size()));
  }
  const auto& problems = patient.catalogue.error();
  if (geteuid() != 0)
    return warning(fmt::format("{} cannot be read whole", patient.context.config.string()), "run as root");
  return failure(summary_of(problems), "sallyport check shows all of them");
}

Finding check_enrollment(const Patient& patient) {
  if (!patient.catalogue)
    return warning("reps and targets are not known while the files have problems", "sallyport check");
  const auto& all = *patient.catalogue;
  if (all.policies.empty()) return warning("no policy", "install policies/hmc-ssh.toml");
  if (all.targets.empty()) return warning("no target", "sallyport target add");
  for (const auto& [name, rep] : all.reps)
    if (geteuid() == 0 && !is_enrolled(rep))
      return warning(fmt::format("rep {} is not enrolled", name), "sallyport rep enroll " + name);
  if (all.reps.empty()) return warning("no rep", "sallyport rep add, then sallyport rep enroll");
  return fine("somebody to let in, and something to let them into");
}

Finding check_permissions(const Patient& patient) {
  const auto& context = patient.context;
  const Folder folders[] = {{context.config, S_IWGRP | S_IWOTH, "755"},
                            {context.config / "secrets", S_IRWXG | S_IRWXO, "700"},
                            {context.state, S_IWGRP | S_IRWXO, "750"},
                            {context.socket.parent_path(), S_IWGRP | S_IWOTH, "755"}};
  for (const auto& folder : folders)
    if (const auto fault = fault_of(folder); !fault.empty())
      return failure(fmt::format("{} {}", folder.path.string(), fault),
                     fmt::format("chown root: {0}; chmod {1} {0}", folder.path.string(), folder.fix));
  return fine("config, secrets, state and run folders are root's");
}

Finding check_host_keys(const Patient& patient) {
  if (geteuid() != 0) return warning("the gate's host keys cannot be read without rights", "run as root");
  const auto keys = HostKeys::load(patient.context.config, patient.settings().ssh_profile);
  return keys ? fine("the gate's host key is " + keys->fingerprints.front()) : failure(keys.error());
}

Finding check_records(const Patient& patient) {
  const auto& state = patient.context.state;
  if (geteuid() != 0)
    return warning(fmt::format("{} cannot be looked into without rights", state.string()), "run as root");
  if (const auto done = check_state_folder(state); !done) return failure(done.error());
  return fine(fmt::format("the records in {} are root's, and there is room for more", state.string()));
}

}  // namespace sallyport
