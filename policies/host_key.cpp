// Runs in: sallyportd, sallyport.
#include "policies/host_key.h"

#include <bit>

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/sha256.h"

namespace sallyport {

namespace {

constexpr std::size_t kLongestField = 4096;  // an RSA modulus of 16384 bits is 2049 bytes
constexpr std::size_t kLeastRsaBits = 2048;

struct Curve {
  std::string_view type, name;
  std::size_t point_size;  // uncompressed: 0x04, x, y
};
constexpr Curve kCurves[] = {{"ecdsa-sha2-nistp256", "nistp256", 65},
                             {"ecdsa-sha2-nistp384", "nistp384", 97},
                             {"ecdsa-sha2-nistp521", "nistp521", 133}};

const Curve* curve_of(std::string_view type) {
  for (const auto& curve : kCurves)
    if (curve.type == type) return &curve;
  return nullptr;
}

// RFC 8709 section 4.
Done check_ed25519(ByteReader& reader) {
  if (reader.text(kLongestField).size() != 32) return fail("ssh-ed25519 key is not 32 bytes long");
  return {};
}

// RFC 5656 section 3.1.
Done check_ecdsa(ByteReader& reader, const Curve& curve) {
  if (reader.text(kLongestField) != curve.name) return fail("{} key names another curve", curve.type);
  const auto point = reader.text(kLongestField);
  if (point.size() != curve.point_size || point.front() != 4)
    return fail("{} key is not a point of its curve", curve.type);
  return {};
}

// RFC 4253 section 6.6: e, then n; a leading zero byte keeps them positive.
Done check_rsa(ByteReader& reader) {
  const auto exponent = reader.text(kLongestField), modulus = reader.text(kLongestField);
  if (exponent.empty() || modulus.empty() || static_cast<unsigned char>(modulus.front()) >= 0x80)
    return fail("ssh-rsa key has no valid numbers in it");
  const auto first = modulus.find_first_not_of('\0');
  if (first == std::string::npos) return fail("ssh-rsa key has no valid numbers in it");
  const auto top = static_cast<unsigned>(std::bit_width(static_cast<unsigned char>(modulus[first])));
  const auto bits = (modulus.size() - first - 1) * 8 + top;
  if (bits < kLeastRsaBits)
    return fail("ssh-rsa key has {} bits (expected at least {})", bits, kLeastRsaBits);
  return {};
}

Done check_blob(std::string_view type, std::string_view blob) {
  ByteReader reader{blob};
  if (reader.text(kLongestField) != type) return fail("key data is not of type {}", type);
  const auto* curve = curve_of(type);
  if (type == "ssh-ed25519") RETURN_IF_ERROR(check_ed25519(reader));
  if (type == "ssh-rsa") RETURN_IF_ERROR(check_rsa(reader));
  if (curve != nullptr) RETURN_IF_ERROR(check_ecdsa(reader, *curve));
  if (!reader.finish()) return fail("key data of type {} is cut short or too long", type);
  return {};
}

std::string_view next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  const auto end = std::min(rest.find_first_of(" \t", begin), rest.size());
  const auto word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

}  // namespace

Result<HostKey> HostKey::parse(std::string_view line) {
  const auto type = next_word(line), data = next_word(line);
  if (type != "ssh-ed25519" && type != "ssh-rsa" && curve_of(type) == nullptr)
    return fail(
        "'{}' is not a known host key type (expected a line like \"ssh-ed25519 AAAA…\", as ssh-keyscan "
        "prints "
        "behind the host name)",
        type);
  auto blob = from_base64(data);
  if (!blob) return fail("{} key: {}", type, blob.error().message());
  RETURN_IF_ERROR(check_blob(type, *blob));
  return HostKey{std::string{type}, *std::move(blob)};
}

std::string HostKey::line() const { return fmt::format("{} {}", type, to_base64(blob)); }

std::string HostKey::fingerprint() const {
  const auto digest = from_hex(Sha256::hex_of(blob));
  return "SHA256:" + to_base64(digest.value_or(""), false);
}

const char* HostKey::label() const noexcept {
  if (type == "ssh-ed25519") return "ED25519";
  return type == "ssh-rsa" ? "RSA" : "ECDSA";
}

}  // namespace sallyport
