// Runs in: sallyportd (privileged).
#include "gateway/monitor/stored_secret.h"

#include <sys/stat.h>

#include "auth/sealed_secret.h"
#include "base/file.h"
#include "base/log.h"

namespace sallyport {

namespace {

Done make_private_folder(const std::filesystem::path& folder) {
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("making {}", folder.string());
}

bool is_plain(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;  // not enrolled, or none is needed
  auto text = read_trusted_file(file, Trust::secret_of_root);
  if (!text) log_error("{}", text.error().message());
  return text && !is_sealed(Secret::taking(*std::move(text)).reveal());
}

std::vector<std::filesystem::path> plain_secrets(const Gate& gate) {
  auto files = stored_secret_files(gate.catalogue, gate.options.config);
  std::erase_if(files, [](const auto& file) { return !is_plain(file); });
  return files;
}

Done seal_all(Gate& gate, const std::vector<std::filesystem::path>& files) {
  if (files.empty()) return {};
  auto names = nlohmann::json::array();
  for (const auto& file : files) names.push_back(sealed_name(file));
  RETURN_IF_ERROR(gate.ledger.note({"secrets.sealed", {{"secrets", std::move(names)}}}));
  for (const auto& file : files) {
    ASSIGN_OR_RETURN(auto text, read_trusted_file(file, Trust::secret_of_root));
    RETURN_IF_ERROR(store_secret(gate, file, Secret::taking(std::move(text))));
  }
  return {};
}

}  // namespace

Done store_privately(const std::filesystem::path& path, std::string_view text) {
  RETURN_IF_ERROR(make_private_folder(path.parent_path().parent_path()));
  RETURN_IF_ERROR(make_private_folder(path.parent_path()));
  return replace_file(path, text, 0600);
}

std::string sealing_key_id(const Gate& gate) {
  if (gate.options.credential.empty()) return {};
  const auto key = SealingKey::read(gate.options.credential);
  return key ? key->id() : key.error().message();
}

Done store_secret(Gate& gate, const std::filesystem::path& path, const Secret& secret) {
  if (gate.options.credential.empty()) return store_privately(path, secret.reveal());
  ASSIGN_OR_RETURN(const auto key, SealingKey::read(gate.options.credential));
  return store_privately(path, key.seal(secret, sealed_name(path), gate.random));
}

void seal_stored_secrets(Gate& gate) {
  if (gate.options.credential.empty()) return;
  if (auto done = seal_all(gate, plain_secrets(gate)); !done)
    log_error("secrets stay unsealed: {}", done.error().message());
}

}  // namespace sallyport
