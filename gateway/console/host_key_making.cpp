// Runs in: sallyport.
#include "gateway/console/host_key_making.h"

#include <cstring>

#include "base/file.h"
#include "base/secret.h"
#include "gateway/ssh/handles.h"
#include "policies/host_key.h"

namespace sallyport {

namespace {

constexpr mode_t kSecretMode = 0600, kPublicMode = 0644;
constexpr std::size_t kLongestKey = 16 * 1024;

std::filesystem::path file_of(const std::filesystem::path& folder, const char* type) {
  return folder / fmt::format("ssh_host_{}_key", type);
}

std::string shown(const HostKey& key) { return fmt::format("{} ({})", key.fingerprint(), key.label()); }

Result<OwnHostKey> look_at(const std::filesystem::path& file) {
  const auto line = read_trusted_file(file.string() + ".pub", Trust::owned_by_root, kLongestKey);
  const auto key = line ? HostKey::parse(std::string_view{*line}.substr(0, line->find('\n')))
                        : Result<HostKey>{tl::unexpected{line.error()}};
  if (!key)
    return fail(
        "{0}.pub is not the public half of the host key that is there: {1} (ssh-keygen -y -f {0} > {0}.pub)",
        file.string(), key.error().message());
  return OwnHostKey{file, shown(*key), false};
}

Result<SshKey> generate(SshProfile profile) {
  constexpr int kUsualSize = 0;
  ssh_key raw = nullptr;
  const auto type = profile == SshProfile::modern ? SSH_KEYTYPE_ED25519 : SSH_KEYTYPE_ECDSA_P384;
  if (ssh_pki_generate(type, kUsualSize, &raw) != SSH_OK) return fail("a host key cannot be made");
  return SshKey{raw};
}

Result<Secret> private_text(const SshKey& key) {
  char* raw = nullptr;
  if (ssh_pki_export_privkey_base64(key.get(), nullptr, nullptr, nullptr, &raw) != SSH_OK)
    return fail("the new host key cannot be written down");
  const SshText text{raw};
  Secret secret{std::string_view{raw}};
  explicit_bzero(raw, std::strlen(raw));
  return secret;
}

Result<HostKey> public_key(const SshKey& key) {
  char* raw = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &raw) != SSH_OK)
    return fail("the new host key cannot be written down");
  const SshText text{raw};
  return HostKey::parse(fmt::format("{} {}", ssh_key_type_to_char(ssh_key_type(key.get())), raw));
}

// The public half first: a private key without it is one that the gate does not start with.
Result<OwnHostKey> make(const std::filesystem::path& file, SshProfile profile, const std::string& comment) {
  ASSIGN_OR_RETURN(const auto key, generate(profile));
  ASSIGN_OR_RETURN(const auto text, private_text(key));
  ASSIGN_OR_RETURN(const auto its_public, public_key(key));
  RETURN_IF_ERROR(
      replace_file(file.string() + ".pub", fmt::format("{} {}\n", its_public.line(), comment), kPublicMode));
  RETURN_IF_ERROR(replace_file(file, text.reveal(), kSecretMode));
  return OwnHostKey{file, shown(its_public), true};
}

}  // namespace

Result<OwnHostKey> have_host_key(const std::filesystem::path& folder, SshProfile profile,
                                 const std::string& comment) {
  const auto types = host_key_types(profile);
  std::error_code ignored;
  for (const char* const type : types)
    if (const auto file = file_of(folder, type); std::filesystem::exists(file, ignored)) return look_at(file);
  return make(file_of(folder, types.front()), profile, comment);
}

}  // namespace sallyport
