// Runs in: sallyportd, sallyport-auth, sallyport-respond.
#include "auth/challenge_text.h"

#include <algorithm>
#include <array>

#include "auth/question.h"
#include "base/clock.h"
#include "base/encoding.h"

namespace sallyport {

namespace {

constexpr std::string_view kFirstLine = "sallyport-challenge-v1";
constexpr std::string_view kChallenge = "\nChallenge ",
                           kSignature = "\nSignature:", kPart = "Signature, part ";
constexpr std::string_view kHostKeyPrefix = "SHA256:";
constexpr std::size_t kNonceDigits = 32, kHostKeyDigits = 43;
constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kLowerAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_of(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == std::string_view::npos;
}

bool is_visible(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_grant(std::string_view text) {
  return text.starts_with("g-") && text.size() > 2 && text.size() <= 34 &&
         is_of(text.substr(2), kLowerAlphanumeric);
}

bool is_host_key(std::string_view text) {
  return text.starts_with(kHostKeyPrefix) && text.size() == kHostKeyPrefix.size() + kHostKeyDigits &&
         is_of(text.substr(kHostKeyPrefix.size()), kBase64Digits);
}

bool are_services(const std::vector<std::string>& services) {
  return !services.empty() && services.size() <= kMostChallengeServices &&
         std::all_of(services.begin(), services.end(), [](const auto& service) {
           return is_visible(service, 64) && service.find(',') == std::string::npos;
         });
}

// RFC 3339 writes four digits of a year.
bool is_writable(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  return time >= sys_days{year{1970} / 1 / 1} && time < sys_days{year{9999} / 12 / 31};
}

Done check(const ChallengeText& c) {
  const auto unless = [](bool good, const char* field) -> Done {
    if (good) return {};
    return fail("challenge: the field '{}' cannot be written", field);
  };
  RETURN_IF_ERROR(unless(is_visible(c.gateway, 255), "gateway"));
  RETURN_IF_ERROR(unless(is_host_key(c.host_key), "host-key"));
  RETURN_IF_ERROR(unless(is_grant(c.grant), "grant"));
  RETURN_IF_ERROR(unless(is_visible(c.rep, 64), "rep"));
  RETURN_IF_ERROR(unless(is_visible(c.target, 64), "target"));
  RETURN_IF_ERROR(unless(are_services(c.services), "services"));
  RETURN_IF_ERROR(unless(is_writable(c.time), "time"));
  RETURN_IF_ERROR(unless(is_writable(c.expires) && c.expires > c.time, "expires"));
  return unless(c.nonce.size() == kNonceDigits && is_of(c.nonce, kLowerHex), "nonce");
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::string to_seconds_text(std::chrono::sys_seconds time) { return to_rfc3339(time).substr(0, 19) + "Z"; }

Result<std::chrono::sys_seconds> from_seconds_text(std::string_view text) {
  if (text.size() != 20) return fail("challenge: a time is not written like 2026-01-31T23:59:59Z");
  ASSIGN_OR_RETURN(const auto time, from_rfc3339(fmt::format("{}.000000Z", text.substr(0, 19))));
  return std::chrono::floor<std::chrono::seconds>(time);
}

// Takes lines off the front of the text, in their one order.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  Result<std::string_view> next() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return fail("challenge: a line is missing");
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  Result<std::string_view> value_of(std::string_view field) {
    ASSIGN_OR_RETURN(auto line, next());
    if (!line.starts_with(field) || !line.substr(field.size()).starts_with(": "))
      return fail("challenge: the line '{}' is missing", field);
    line.remove_prefix(field.size() + 2);
    return line;
  }
  bool ended() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

Result<ChallengeText> read_lines(Lines lines) {
  ChallengeText c;
  ASSIGN_OR_RETURN(const auto first, lines.next());
  if (first != kFirstLine) return fail("challenge: it does not begin with {}", kFirstLine);
  ASSIGN_OR_RETURN(c.gateway, lines.value_of("gateway"));
  ASSIGN_OR_RETURN(c.host_key, lines.value_of("host-key"));
  ASSIGN_OR_RETURN(c.grant, lines.value_of("grant"));
  ASSIGN_OR_RETURN(c.rep, lines.value_of("rep"));
  ASSIGN_OR_RETURN(c.target, lines.value_of("target"));
  ASSIGN_OR_RETURN(const auto services, lines.value_of("services"));
  c.services = split(services);
  ASSIGN_OR_RETURN(const auto time, lines.value_of("time"));
  ASSIGN_OR_RETURN(c.time, from_seconds_text(time));
  ASSIGN_OR_RETURN(const auto expires, lines.value_of("expires"));
  ASSIGN_OR_RETURN(c.expires, from_seconds_text(expires));
  ASSIGN_OR_RETURN(c.nonce, lines.value_of("nonce"));
  if (!lines.ended()) return fail("challenge: something follows the last line");
  return c;
}

std::string in_words(const ChallengeText& c) {
  return fmt::format("Sign to open {} ({}) for {}, grant {}, at gate {}, host key {}, until {} UTC.",
                     c.target, joined(c.services, ", "), c.rep, c.grant, c.gateway, c.host_key,
                     to_seconds_text(c.expires).substr(11, 8));
}

// `prompt` without what stands in front of it and without what a client may have cut off its end.
std::string_view trimmed(std::string_view prompt) {
  auto text = without_host(prompt);
  while (text.ends_with(' ') || text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string draw_nonce(Random& random) {
  std::array<std::byte, kNonceDigits / 2> bytes{};
  random.fill(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<std::string> compose(const ChallengeText& c) {
  RETURN_IF_ERROR(check(c));
  auto text = fmt::format(
      "{}\ngateway: {}\nhost-key: {}\ngrant: {}\nrep: {}\ntarget: {}\nservices: {}\ntime: {}\nexpires: {}\n"
      "nonce: {}\n",
      kFirstLine, c.gateway, c.host_key, c.grant, c.rep, c.target, joined(c.services, ","),
      to_seconds_text(c.time), to_seconds_text(c.expires), c.nonce);
  if (text.size() > kLongestChallengeText)
    return fail("challenge: it is longer than {} bytes", kLongestChallengeText);
  return text;
}

Result<ChallengeText> parse_challenge_text(std::string_view text) {
  if (text.size() > kLongestChallengeText)
    return fail("challenge: it is longer than {} bytes", kLongestChallengeText);
  ASSIGN_OR_RETURN(auto challenge, read_lines(Lines{text}));
  ASSIGN_OR_RETURN(const auto again, compose(challenge));
  if (again != text) return fail("challenge: it is not written as a gate writes it");
  return challenge;
}

Result<std::string> signature_prompt(const ChallengeText& challenge) {
  ASSIGN_OR_RETURN(const auto text, compose(challenge));
  return fmt::format("{}{}{}{} ", in_words(challenge), kChallenge, to_base64(text), kSignature);
}

std::string signature_part_prompt(std::uint32_t part) { return fmt::format("{}{}: ", kPart, part); }

std::optional<std::string> text_in_signature_prompt(std::string_view prompt) {
  const auto all = trimmed(prompt);
  const auto begin = all.find(kChallenge);
  if (begin == std::string_view::npos || !all.ends_with(kSignature)) return std::nullopt;
  const auto from = begin + kChallenge.size(), to = all.size() - kSignature.size();
  if (to < from) return std::nullopt;
  auto text = from_base64(all.substr(from, to - from));
  if (!text) return std::nullopt;
  const auto challenge = parse_challenge_text(*text);
  if (!challenge || in_words(*challenge) != all.substr(0, begin)) return std::nullopt;
  return *std::move(text);
}

std::optional<std::uint32_t> part_in_signature_prompt(std::string_view prompt) {
  const auto text = trimmed(prompt);
  for (std::uint32_t part = 2; part <= kMostSignatureParts; ++part)
    if (text == fmt::format("{}{}:", kPart, part)) return part;
  return std::nullopt;
}

}  // namespace sallyport
