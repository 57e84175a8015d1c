// Runs in: sallyport.
#include "auth/sealed_secret.h"
#include "base/file.h"
#include "gateway/console/doctor.h"

namespace sallyport {

namespace {

bool holds_sealed(const std::filesystem::path& file) {
  auto text = read_trusted_file(file, Trust::secret_of_root);
  return text && is_sealed(Secret::taking(*std::move(text)).reveal());
}

std::size_t count_sealed(const Catalogue& catalogue) {
  std::size_t count = 0;
  for (const auto& [name, rep] : catalogue.reps) count += holds_sealed(rep.secret_file) ? 1 : 0;
  for (const auto& [name, target] : catalogue.targets) count += holds_sealed(target.secret_file) ? 1 : 0;
  return count;
}

}  // namespace

Finding check_secrets(const Patient& patient) {
  const bool has_key = patient.status && patient.status->value("credential", false);
  const auto sealed = patient.catalogue ? count_sealed(*patient.catalogue) : 0;  // 0 for who is not root
  if (has_key) return fine(fmt::format("sealed with the credential {}", kCredentialName));
  if (sealed > 0 && patient.status)
    return failure(fmt::format("{} of them sealed, and the gate has no credential {} to open them with",
                               sealed, kCredentialName),
                   "put the credential back (sallyportd(8), SECRETS AT REST), or enrol again");
  return fine(
      fmt::format("root's alone; not encrypted at rest, because there is no credential {}", kCredentialName));
}

}  // namespace sallyport
