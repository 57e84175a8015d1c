// Runs in: sallyportd (privileged), sallyport.
#include "gateway/core/host_keys.h"

#include "base/file.h"
#include "policies/host_key.h"

namespace sallyport {

namespace {

Done load_pair(HostKeys& keys, const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(auto key, read_trusted_file(path, Trust::secret_of_root, 16 * 1024));
  keys.private_keys.push_back(Secret::taking(std::move(key)));
  ASSIGN_OR_RETURN(const auto line,
                   read_trusted_file(path.string() + ".pub", Trust::owned_by_root, 16 * 1024));
  ASSIGN_OR_RETURN(const auto public_key, HostKey::parse(std::string_view{line}.substr(0, line.find('\n'))));
  keys.fingerprints.push_back(fmt::format("{} ({})", public_key.fingerprint(), public_key.label()));
  return {};
}

}  // namespace

Result<HostKeys> HostKeys::load(const std::filesystem::path& folder, SshProfile profile) {
  HostKeys keys;
  const auto types = host_key_types(profile);
  for (const char* const type : types) {
    const auto file = folder / fmt::format("ssh_host_{}_key", type);
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) RETURN_IF_ERROR(load_pair(keys, file));
  }
  if (keys.private_keys.empty())
    return fail(
        "no host key in {0} that this profile offers (fix: ssh-keygen -q -t {1} {2}-N '' -f "
        "{0}/ssh_host_{1}_key)",
        folder.string(), types.front(), profile == SshProfile::modern ? "" : "-b 384 ");
  return keys;
}

}  // namespace sallyport
