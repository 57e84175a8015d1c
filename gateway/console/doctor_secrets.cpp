// doctor: secrets at rest. Runs in: sallyport.
#include <fmt/format.h>
#include <unistd.h>

#include "auth/sealed_secret.h"
#include "base/file.h"
#include "gateway/console/doctor.h"

namespace sallyport {

namespace {

constexpr std::size_t kNamesShown = 5;

std::vector<StoredSecret> read_stored(const Catalogue& catalogue, const std::filesystem::path& folder) {
  std::vector<StoredSecret> secrets;
  for (const auto& file : stored_secret_files(catalogue, folder)) {
    auto text = read_trusted_file(file, Trust::secret_of_root);
    if (!text) continue;  // not enrolled, or none is needed
    const auto secret = Secret::taking(*std::move(text));
    secrets.push_back(
        {sealed_name(file), is_sealed(secret.reveal()), std::string{sealing_key_id(secret.reveal())}});
  }
  return secrets;
}

// "reps/ann, reps/kim" of those that `is_meant`; of many, the first and how many more.
template <class IsMeant>
std::string names_of(const std::vector<StoredSecret>& secrets, IsMeant is_meant) {
  std::vector<std::string> names;
  for (const auto& secret : secrets)
    if (is_meant(secret)) names.push_back(secret.name);
  const auto more = names.size() > kNamesShown ? names.size() - kNamesShown : 0;
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

}  // namespace

Finding judge_secrets(const std::vector<StoredSecret>& secrets, const std::string& key) {
  const auto lost =
      names_of(secrets, [&](const StoredSecret& one) { return one.is_sealed && one.key != key; });
  if (!lost.empty())
    return failure(
        fmt::format("{} sealed with a key that the gate has not: {}", lost,
                    key.empty() ? fmt::format("there is no credential {}", kCredentialName)
                                : fmt::format("the credential {} is another one ({})", kCredentialName, key)),
        "put the credential back (sallyportd(8), SECRETS AT REST), or enrol again");
  if (key.empty())
    return fine(fmt::format("root's alone; not encrypted at rest, because there is no credential {}",
                            kCredentialName));
  const auto plain = names_of(secrets, [](const StoredSecret& one) { return !one.is_sealed; });
  if (!plain.empty()) return warning(fmt::format("{} not sealed yet", plain), "systemctl reload sallyportd");
  return fine(fmt::format("sealed with the credential {} ({})", kCredentialName, key));
}

Finding check_secrets(const Patient& patient) {
  if (geteuid() != 0) return warning("cannot be read without rights", "run as root");
  if (!patient.catalogue) return warning("not known while the files have problems", "sallyport check");
  if (!patient.status) return warning("what they are sealed with is the gate's to say", "start sallyportd");
  return judge_secrets(read_stored(*patient.catalogue, patient.context.config),
                       patient.status->value("sealing_key", ""));
}

}  // namespace sallyport
