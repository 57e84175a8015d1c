// One JSON object, read strictly (RFC 8259): what a peer's browser wrote, so no library's leniency. Pure.
// Runs in: sallyport-auth.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

struct JsonMember {
  enum class Kind : std::uint8_t { text, yes, no, object, other };
  Kind kind = Kind::other;
  std::string text;  // of a text: what it says, in UTF-8; of an object: as it stands there
};
using JsonObject = std::map<std::string, JsonMember, std::less<>>;

inline constexpr int kDeepestJson = 4;

// The whole of `text` is one object; no name stands in it twice, however it is spelt, also not in the objects
// within, so that no two readers can understand it differently. Deeper than kDeepestJson is refused.
Result<JsonObject> read_json_object(std::string_view text);

}  // namespace sallyport
