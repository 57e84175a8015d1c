// Runs in: sallyport-auth, sallyport-respond.
#include "auth/ocra_session.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "base/escape.h"

namespace sallyport {

namespace {

constexpr std::string_view kHeading = "sallyport-ocra-session-v1\n";
constexpr std::string_view kFingerprintHeading = "SHA256:";
constexpr std::size_t kFingerprintCharacters = 43, kLongestGrantId = 64, kLongestSession = 512;

std::string sha512(std::string_view text) {
  std::array<char, 64> digest{};
  our_bug(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                     EVP_sha512(), nullptr) != 1,
          "SHA-512 is not available");
  return {digest.data(), digest.size()};
}

}  // namespace

bool is_fingerprint(std::string_view text) {
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (!text.starts_with(kFingerprintHeading)) return false;
  text.remove_prefix(kFingerprintHeading.size());
  return text.size() == kFingerprintCharacters && text.find_first_not_of(base64) == std::string_view::npos;
}

bool is_grant_id(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return text.starts_with("g-") && text.size() > 2 && text.size() <= kLongestGrantId &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

Result<std::string> ocra_session(std::string_view fingerprint, std::string_view grant, std::size_t length) {
  if (!is_fingerprint(fingerprint))
    return fail("'{}' is no fingerprint of a host key", escape_terminal(fingerprint));
  if (!is_grant_id(grant)) return fail("'{}' is no grant", escape_terminal(grant));
  if (length < 1 || length > kLongestSession)
    return fail("session information has 1 to {} bytes", kLongestSession);
  const auto text = fmt::format("{}{}\n{}\n", kHeading, fingerprint, grant);
  auto session = sha512(text);
  for (char block = 1; session.size() < length; ++block) session += sha512(text + block);
  session.resize(length);
  return session;
}

}  // namespace sallyport
