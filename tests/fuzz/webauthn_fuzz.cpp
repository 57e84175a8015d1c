// Whatever is posted as a WebAuthn answer: nothing but the enrolled key's own counts, and what our JSON
// reader takes another one reads alike. Runs in: a test program.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "auth/webauthn/client_data.h"
#include "auth/webauthn/credential_file.h"
#include "auth/webauthn/json_object.h"
#include "base/check.h"
#include "tests/fuzz/webauthn_case.h"

namespace {

using namespace sallyport;

// The other way round need not hold: ours is the stricter one.
void check_json(const std::string& text) {
  const auto ours = read_json_object(text);
  if (!ours) return;
  const auto theirs = nlohmann::json::parse(text, nullptr, false);
  if (theirs.is_discarded() && text.find_first_of("0123456789") != std::string::npos)
    return;  // 1e999 is too much for it
  our_bug(!theirs.is_object() || theirs.size() != ours->size(), "an object that is none");
  for (const auto& [name, member] : *ours) {
    const auto found = theirs.find(name);
    our_bug(found == theirs.end(), "a member that is not there");
    our_bug((member.kind == JsonMember::Kind::text) != found->is_string(), "a text that is none");
    if (found->is_string()) our_bug(found->get<std::string>() != member.text, "a text read otherwise");
    our_bug((member.kind == JsonMember::Kind::no) != (*found == false), "a false that is none");
    our_bug((member.kind == JsonMember::Kind::object) != found->is_object(), "an object within that is none");
  }
}

// Every byte that the key signs, in its place in a right answer: the signature alone must tell.
void check_parts(const WebauthnCase& fixed, const std::string& input) {
  const auto refused = [&](const std::string& response) {
    our_bug(response != fixed.right && match_assertion(fixed.enrolled, web_claim(response)).has_value(),
            "an answer that nobody gave");
  };
  refused(Authenticator::joined(fixed.key.id, input, fixed.authenticator, fixed.signature));
  refused(Authenticator::joined(fixed.key.id, fixed.data, input, fixed.signature));
  refused(Authenticator::joined(fixed.key.id, fixed.data, fixed.authenticator, input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const WebauthnCase fixed;
  const std::string input{reinterpret_cast<const char*>(data), size};
  const bool counts = match_assertion(fixed.enrolled, web_claim(input)).has_value();
  our_bug(counts != (input == fixed.right), "an answer that nobody gave, or one that should count");
  check_parts(fixed, input);
  check_json(input);
  if (const auto read = read_authenticator_data(input))
    our_bug(size != 37 || read->relying_party_hash != input.substr(0, 32),
            "authenticator data read otherwise");
  if (const auto entry = read_credential_file(input))
    our_bug(!EnrolledKeys::parse("webauthn " + entry->public_line()), "a credential that cannot be kept");
  (void)EnrolledKeys::parse(input);
  return 0;
}
