// Runs in: sallyportd (privileged).
#include "gateway/monitor/host_keys.h"

#include <array>

#include "base/file.h"
#include "policies/host_key.h"

namespace sallyport {

namespace {

constexpr std::array kFiles{"ssh_host_ed25519_key", "ssh_host_rsa_key"};

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

Result<HostKeys> HostKeys::load(const std::filesystem::path& folder) {
  HostKeys keys;
  for (const char* const file : kFiles) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / file, ignored)) RETURN_IF_ERROR(load_pair(keys, folder / file));
  }
  if (keys.private_keys.empty())
    return fail("no host key in {} (fix: ssh-keygen -q -t ed25519 -N '' -f {}/ssh_host_ed25519_key)",
                folder.string(), folder.string());
  return keys;
}

}  // namespace sallyport
