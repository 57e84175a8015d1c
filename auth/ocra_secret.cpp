// Runs in: sallyportd, sallyport-auth.
#include "auth/ocra_secret.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace sallyport {

namespace {

struct PinWord {
  std::string_view word;
  OcraHash kind;
  std::size_t size;  // bytes of the hash
};
constexpr std::array kPinWords{PinWord{"pin-sha1 ", OcraHash::sha1, 20},
                               PinWord{"pin-sha256 ", OcraHash::sha256, 32},
                               PinWord{"pin-sha512 ", OcraHash::sha512, 64}};

// Takes the first line from the front of `rest`, without its end.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<Secret> read_key(std::string_view line) {
  ASSIGN_OR_RETURN(auto bytes, from_base32(line));
  auto key = Secret::taking(std::move(bytes));
  if (key.size() < kShortestOcraKey) return fail("the key has less than {} bytes", kShortestOcraKey);
  return key;
}

Result<OcraSecret::Pin> read_pin(std::string_view line) {
  for (const auto& [word, kind, size] : kPinWords) {
    if (!line.starts_with(word)) continue;
    ASSIGN_OR_RETURN(auto bytes, from_hex(line.substr(word.size())));
    auto hash = Secret::taking(std::move(bytes));
    if (hash.size() != size) return fail("the PIN's hash has not {} bytes", size);
    return OcraSecret::Pin{kind, std::move(hash)};
  }
  return fail("expected pin-sha1, pin-sha256 or pin-sha512 and a hash in the second line");
}

}  // namespace

Result<OcraSecret> OcraSecret::parse(const Secret& text) {
  auto rest = text.reveal();
  OcraSecret secret;
  ASSIGN_OR_RETURN(secret.key, read_key(take_line(rest)));
  if (rest.empty()) return secret;
  ASSIGN_OR_RETURN(secret.pin, read_pin(take_line(rest)));
  if (!rest.empty()) return fail("expected nothing after the PIN's hash");
  return secret;
}

Secret OcraSecret::text() const {
  std::string text;
  text.reserve(512);  // never moved, so that no copy of the key stays behind
  auto base32 = to_base32(key.reveal());
  text.append(base32).append("\n");
  wipe(base32);
  if (pin) {
    auto hex = to_hex(pin->hash.reveal());
    const auto* const word = std::ranges::find(kPinWords, pin->kind, &PinWord::kind);
    text.append(word->word).append(hex).append("\n");
    wipe(hex);
  }
  return Secret::taking(std::move(text));
}

Done check_pin(const Secret& pin) {
  const auto text = pin.reveal();
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain || text.size() < kShortestPin || text.size() > kLongestPin)
    return fail("a PIN has {} to {} letters, digits or signs of ASCII, and no spaces", kShortestPin,
                kLongestPin);
  return {};
}

}  // namespace sallyport
