// Runs in: sallyport-respond (as the representative).
#include "auth/respond/known_hosts.h"

#include <fnmatch.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "auth/respond/home.h"
#include "auth/respond/private_file.h"
#include "base/encoding.h"
#include "base/escape.h"

namespace sallyport {

namespace {

std::string_view take_field(std::string_view& rest) {
  while (rest.starts_with(' ') || rest.starts_with('\t')) rest.remove_prefix(1);
  const auto end = std::min(rest.find_first_of(" \t"), rest.size());
  const auto field = rest.substr(0, end);
  rest.remove_prefix(end);
  return field;
}

// "|1|SALT|HASH": HMAC-SHA1 of the name. With another port than 22 the hashed name is "[host]:port", and the
// port is not known here: such a line is as if it were not there.
bool is_hash_of(std::string_view pattern, std::string_view host) {
  pattern.remove_prefix(std::min<std::size_t>(3, pattern.size()));
  const auto bar = pattern.find('|');
  if (bar == std::string_view::npos) return false;
  const auto salt = from_base64(pattern.substr(0, bar)), hash = from_base64(pattern.substr(bar + 1));
  if (!salt || !hash) return false;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha1(), salt->data(), static_cast<int>(salt->size()),
           reinterpret_cast<const unsigned char*>(host.data()), host.size(), digest.data(), &size) == nullptr)
    return false;
  return *hash == std::string_view{reinterpret_cast<const char*>(digest.data()), size};
}

bool matches(std::string_view pattern, const std::string& host) {
  std::string text{pattern};
  if (text.starts_with('[')) {  // "[host]:port"
    const auto end = text.find(']');
    if (end == std::string::npos) return false;
    text = text.substr(1, end - 1);
  }
  return fnmatch(text.c_str(), host.c_str(), FNM_CASEFOLD) == 0;
}

bool names_host(std::string_view patterns, const std::string& host) {
  if (patterns.starts_with("|1|")) return is_hash_of(patterns, host);
  bool named = false;
  while (!patterns.empty()) {
    const auto end = std::min(patterns.find(','), patterns.size());
    auto pattern = patterns.substr(0, end);
    patterns.remove_prefix(std::min(end + 1, patterns.size()));
    const bool excludes = pattern.starts_with('!');
    if (excludes) pattern.remove_prefix(1);
    if (!matches(pattern, host)) continue;
    if (excludes) return false;
    named = true;
  }
  return named;
}

std::string fingerprint_of(std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return "SHA256:" + to_base64({reinterpret_cast<const char*>(digest.data()), size}, false);
}

}  // namespace

std::vector<KnownHostKey> host_keys_of(std::string_view known_hosts, std::string_view host) {
  std::vector<KnownHostKey> found;
  while (!known_hosts.empty()) {
    auto line = take_line(known_hosts);
    const auto patterns = take_field(line);
    // Marked lines (@cert-authority, @revoked) name no host key of this machine.
    if (patterns.empty() || patterns.starts_with('#') || patterns.starts_with('@')) continue;
    if (!names_host(patterns, std::string{host})) continue;
    const auto type = take_field(line);
    const auto key = from_base64(take_field(line));
    if (key && !key->empty()) found.push_back({std::string{type}, fingerprint_of(*key)});
  }
  return found;
}

Result<std::optional<Refusal>> check_host(const Options& options, std::string_view host,
                                          std::string_view fingerprint) {
  if (host.empty()) return std::nullopt;
  auto path = options.known_hosts;
  if (!path) {
    ASSIGN_OR_RETURN(const auto home, home_folder());
    path = home / ".ssh/known_hosts";
  }
  const auto text = read_own_file(*path, Readers::anyone);
  if (!text && text.error().code() == ENOENT && !options.known_hosts) return std::nullopt;
  if (!text) return tl::unexpected{text.error()};
  const auto keys = host_keys_of(text->reveal(), host);
  const bool same = std::any_of(keys.begin(), keys.end(),
                                [&](const KnownHostKey& key) { return key.fingerprint == fingerprint; });
  const bool comparable = std::any_of(keys.begin(), keys.end(),
                                      [](const KnownHostKey& key) { return key.type == "ssh-ed25519"; });
  if (same || !comparable) return std::nullopt;
  return Refusal{fmt::format(
      "ssh is connected to '{}', but this challenge is of a gate with another host key, {}.\n"
      "The machine passes on the challenge of somebody else's gate: whoever runs it would get in there with "
      "your answer. (If the gate was set up anew: ssh knows the machine by {})",
      escape_terminal(host), escape_terminal(fingerprint), path->string())};
}

}  // namespace sallyport
