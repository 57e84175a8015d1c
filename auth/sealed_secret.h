// Secrets at rest: sealed with a key that the service manager hands to the gate (systemd.exec(5),
// "credentials"), so that a copy of the disk or a backup of /etc holds none. Without such a key they stay as
// they are, root's alone. Runs in: sallyportd, sallyport-auth.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

inline constexpr std::string_view kCredentialName = "sallyport-secrets";
inline constexpr std::size_t kShortestCredential = 32;  // bytes

// AES-256-GCM (NIST SP 800-38D), its key being the HMAC-SHA256 of a label under the credential,
// its id the beginning of that of another label.
class SealingKey {
 public:
  // Error: not root's alone, or of less than kShortestCredential bytes.
  static Result<SealingKey> read(const std::filesystem::path& credential);
  explicit SealingKey(const Secret& credential);

  // Tells this key from others, and nothing of the key: 16 hex digits.
  const std::string& id() const noexcept { return id_; }
  // One line, "sealed-v1 ID BASE64\n", that opens for `name` only: a secret put in another's place is none.
  std::string seal(const Secret& text, std::string_view name, Random& random) const;
  // Error: altered, another name's, or sealed with another key.
  Result<Secret> open(std::string_view sealed, std::string_view name) const;

 private:
  Secret key_;
  std::string id_;
};

bool is_sealed(std::string_view text) noexcept;
// The id() of the key that `text` says it was sealed with; empty: it is not sealed, or says no id.
std::string_view sealing_key_id(std::string_view text) noexcept;
// What the secret in `file` is sealed for: its folder and its own name, "reps/kim".
std::string sealed_name(const std::filesystem::path& file);

// The text of a secret's file, opened with `credential` (empty: there is none) where it is sealed.
// `limit`: of the text, in bytes.
Result<Secret> read_stored_secret(const std::filesystem::path& file, std::size_t limit,
                                  const std::filesystem::path& credential);

}  // namespace sallyport
