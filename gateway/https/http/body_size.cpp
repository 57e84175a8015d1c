// Runs in: sallyport-https.
#include "gateway/https/http/body_size.h"

#include <array>

namespace sallyport::http {

namespace {

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view known) { return same_name(known, name); });
}

constexpr std::array<std::string_view, 7> kFraming{
    "Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "TE"};
constexpr std::array<std::string_view, 9> kHopByHop{
    "Connection", "Keep-Alive",        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE",
    "Trailer",    "Transfer-Encoding", "Upgrade"};

}  // namespace

bool is_framing(std::string_view name) { return is_one_of(kFraming, name); }
bool is_hop_by_hop(std::string_view name) { return is_one_of(kHopByHop, name); }

Parsed<std::uint64_t> parse_length(std::string_view digits) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (digits.empty() || digits.size() > 19 || !all_are(digits, is_digit))
    return bad("a Content-Length that is no number");
  std::uint64_t length = 0;
  for (const char digit : digits) {
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
    if (length > kMost) return bad("a Content-Length that is no number");
  }
  return length;
}

Parsed<BodySize> body_size(const Fields& fields, Version version) {
  const auto lengths = fields.count("Content-Length"), codings = fields.count("Transfer-Encoding");
  if (lengths + codings > 1) return bad("the body's length is said twice");
  if (codings == 1) {
    if (version == Version::http_1_0) return bad("Transfer-Encoding in HTTP/1.0");
    if (!same_name(*fields.find("Transfer-Encoding"), "chunked"))
      return bad("a Transfer-Encoding other than chunked");
    return BodySize{BodySize::Kind::chunked, 0};
  }
  if (lengths == 0) return BodySize{};
  const auto length = parse_length(*fields.find("Content-Length"));
  if (!length) return tl::unexpected{length.error()};
  return BodySize{BodySize::Kind::length, *length};
}

}  // namespace sallyport::http
