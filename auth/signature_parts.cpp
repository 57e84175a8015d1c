// Runs in: sallyport-ssh.
#include "auth/signature_parts.h"

#include <optional>

#include "auth/challenge_text.h"
#include "base/encoding.h"

namespace sallyport {

namespace {

constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----", kEnd = "-----END SSH SIGNATURE-----";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
constexpr std::string_view kMagicBase64 = "U1NIU0lH";  // "SSHSIG"
constexpr std::size_t kMagicAndVersion = 6 + 4;
constexpr int kStrings = 5;  // public key, namespace, reserved, hash, signature (PROTOCOL.sshsig)

std::string without_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text)
    if (kSpaces.find(c) == std::string_view::npos) out += c;
  return out;
}

std::size_t length_at(std::string_view bytes, std::size_t at) {
  std::size_t length = 0;
  for (const char byte : bytes.substr(at, 4)) length = length << 8 | static_cast<unsigned char>(byte);
  return length;
}

// Whether the structure ends beyond `bytes`, as far as it can be told, and within the limit.
bool goes_on(std::string_view bytes) {
  std::size_t end = kMagicAndVersion;
  for (int i = 0; i < kStrings; ++i) {
    if (bytes.size() < end + 4) return true;
    end += 4 + length_at(bytes, end);
    if (end > kLongestSignature) return false;  // nobody will accept it: not worth a further prompt
  }
  return bytes.size() < end;
}

}  // namespace

bool is_cut_signature(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return false;
  text.remove_prefix(begin);
  if (text.starts_with(kBegin)) return text.find(kEnd) == std::string_view::npos;
  if (!text.starts_with(kMagicBase64)) return false;
  auto digits = without_spaces(text);
  // The last digits may be the first of four.
  const bool spelt = digits.find_first_not_of(kBase64) == std::string::npos;
  const auto bytes = from_base64(std::string_view{digits}.substr(0, digits.size() - digits.size() % 4));
  wipe(digits);
  return spelt && bytes && goes_on(*bytes);
}

SignatureParts::Next SignatureParts::add(const Secret& part) {
  ++parts_;
  // Room first: growing leaves copies behind that nobody wipes.
  text_.reserve(kLongestSignature + 1);
  too_long_ = too_long_ || text_.size() + part.size() + 1 > kLongestSignature;
  if (part.empty() || too_long_) return Next::complete;
  if (!text_.empty()) text_ += '\n';
  text_ += part.reveal();
  return parts_ < kMostSignatureParts && is_cut_signature(text_) ? Next::ask_more : Next::complete;
}

Secret SignatureParts::take() {
  if (too_long_) wipe(text_);
  parts_ = 0;
  too_long_ = false;
  return Secret::taking(std::move(text_));
}

}  // namespace sallyport
