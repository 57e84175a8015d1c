// Runs in: sallyport-auth.
#include "auth/webauthn/client_data.h"

#include "auth/webauthn/json_object.h"
#include "base/encoding.h"

namespace sallyport {

namespace {

using Kind = JsonMember::Kind;

const JsonMember* find(const JsonObject& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &found->second;
}

bool says(const JsonObject& object, std::string_view name, std::string_view text) {
  const auto* const member = find(object, name);
  return member != nullptr && member->kind == Kind::text && member->text == text;
}

// Level 2: {"status": "supported"}, or "present" where the TLS connection has it, which no connection of the
// gate's does.
Done check_token_binding(const JsonObject& data) {
  const auto* const member = find(data, "tokenBinding");
  if (member == nullptr) return {};
  if (member->kind != Kind::object) return fail("its tokenBinding is no object");
  ASSIGN_OR_RETURN(const auto binding, read_json_object(member->text));
  if (says(binding, "status", "supported")) return {};
  return fail("it says that the connection has Token Binding");
}

}  // namespace

Done check_client_data(std::string_view json, const ExpectedClientData& expected) {
  if (json.size() > kLongestClientData) return fail("it is longer than {} bytes", kLongestClientData);
  ASSIGN_OR_RETURN(const auto data, read_json_object(json));
  if (!says(data, "type", "webauthn.get")) return fail("its type is not webauthn.get");
  if (!says(data, "challenge", to_base64url(expected.challenge))) return fail("it is for another challenge");
  if (!says(data, "origin", expected.origin)) return fail("its origin is not {}", expected.origin);
  const auto* const crossing = find(data, "crossOrigin");
  if (crossing != nullptr && crossing->kind != Kind::no)
    return fail("a page of another origin asked, in a frame");
  // Level 3 names the outer page where there is one.
  if (find(data, "topOrigin") != nullptr) return fail("it names an outer page");
  return check_token_binding(data);
}

}  // namespace sallyport
