// Runs in: sallyport-respond (as the representative).
#include "auth/respond/signer.h"

#include "auth/respond/child.h"
#include "auth/respond/home.h"
#include "auth/respond/private_file.h"
#include "base/encoding.h"

namespace sallyport {

namespace {

constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----", kEnd = "-----END SSH SIGNATURE-----";
constexpr std::string_view kMagic{"SSHSIG\0\0\0\1", 10};
constexpr std::size_t kLongestArmour = 2 * kLongestSignature;
// ssh's own order, with what needs a touch first.
constexpr const char* kUsualKeys[] = {"id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa"};

// A key that ssh-agent holds, or a security key's, may have its public file here alone.
bool is_there(const std::filesystem::path& key) {
  std::error_code error;
  return std::filesystem::exists(key, error) || std::filesystem::exists(key.string() + ".pub", error);
}

// The one program that ssh-keygen is to ask passphrases with: this one, which asks on the terminal or hands
// on.
Result<std::string> own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return tl::unexpected{Error{"finding this program's own file", error.value()}};
  return path.string();
}

}  // namespace

ShownText show_text(Person& person, const TextToSign& text, std::string_view in_lines) {
  person.show(in_lines);
  return ShownText{text.text()};
}

Result<std::filesystem::path> find_key(const std::optional<std::filesystem::path>& named) {
  if (named && is_there(*named)) return *named;
  if (named) return fail("there is no key {}", named->string());
  ASSIGN_OR_RETURN(const auto config, config_folder());
  if (is_there(config / "key")) return config / "key";
  ASSIGN_OR_RETURN(const auto home, home_folder());
  for (const char* name : kUsualKeys)
    if (is_there(home / ".ssh" / name)) return home / ".ssh" / name;
  return fail("there is no key to sign with, neither {} nor one of ssh's in {}; name one with --key",
              (config / "key").string(), (home / ".ssh").string());
}

Result<std::string> unarmoured(std::string_view armoured) {
  const auto wrong = fail("ssh-keygen printed something else than a signature");
  if (take_line(armoured) != kBegin) return wrong;
  std::string base64;
  for (std::string_view line; (line = take_line(armoured)) != kEnd;) {
    if (line.empty()) return wrong;
    base64 += line;
  }
  const auto bytes = from_base64(base64);
  if (!armoured.empty() || !bytes || !bytes->starts_with(kMagic)) return wrong;
  if (bytes->size() > kLongestSignature) return fail("the signature is longer than a gate takes");
  return base64;
}

Result<std::string> sign(const ShownText& text, const std::filesystem::path& key) {
  ASSIGN_OR_RETURN(const auto askpass, own_path());
  const std::vector<std::string> command{
      "ssh-keygen", "-q", "-Y", "sign", "-n", std::string{kSignatureNamespace}, "-f", key.string()};
  auto armoured = output_of(command, text.text(), kLongestArmour,
                            {{"SSH_ASKPASS", askpass}, {"SSH_ASKPASS_REQUIRE", "force"}});
  if (!armoured) return tl::unexpected{armoured.error().within(fmt::format("signing with {}", key.string()))};
  return unarmoured(armoured->reveal());
}

}  // namespace sallyport
