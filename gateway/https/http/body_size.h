// How a message's body ends, and what its framing fields say (RFC 9112, section 6).
// Pure; runs in: sallyport-https.
#pragma once

#include <cstdint>

#include "gateway/https/http/fields.h"

namespace sallyport::http {

enum class Version : std::uint8_t { http_1_0, http_1_1 };

struct BodySize {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // with Kind::length
  bool operator==(const BodySize&) const = default;
};

// From Content-Length and Transfer-Encoding; Kind::none when there is neither. Everything that two readers
// could measure differently is refused, also where RFC 9112 would let a recipient repair it: both fields, one
// twice (even with the same value), a list, a sign, a coding other than "chunked", chunked in HTTP/1.0.
Parsed<BodySize> body_size(const Fields& fields, Version version);

// 1*DIGIT, at most 2^62.
Parsed<std::uint64_t> parse_length(std::string_view digits);

// Whether this name says how a connection or a message is read, so that no Connection field may name it, no
// trailer carry it, and no spelling with "_" come near it.
bool is_framing(std::string_view name);
// Hop-by-hop by itself (RFC 9110, section 7.6.1, and those of old).
bool is_hop_by_hop(std::string_view name);

}  // namespace sallyport::http
