// Whatever is answered to a challenge: nothing but the enrolled key's own signature, and that of the
// certified one, counts. Runs in: a test program.
#include <algorithm>
#include <cstdint>

#include "auth/signature_parts.h"
#include "auth/ssh_signature/sshsig.h"
#include "base/check.h"
#include "tests/fuzz/signature_case.h"

namespace {

using namespace sallyport;

// The Base64 in an answer, without what may stand around and in it.
std::string bytes_in(std::string text) {
  for (const auto mark : {kArmourBegin, kArmourEnd})
    if (const auto at = text.find(mark); at != std::string::npos) text.erase(at, mark.size());
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return from_base64(text).value_or("");
}

void check_text(const SignatureCase& fixed, const std::string& text) {
  if (!match_signature(fixed.enrolled, fixed.claim(text))) return;
  const auto bytes = bytes_in(text);
  our_bug(bytes != fixed.by_key && bytes != fixed.by_certificate, "a signature that nobody made");
  our_bug(is_cut_signature(text), "a whole signature that seems cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SignatureCase fixed;
  const std::string input{reinterpret_cast<const char*>(data), size};
  check_text(fixed, input);
  check_text(fixed, to_base64(input));  // so that the structure inside is reached, too
  SignatureParts parts;
  (void)parts.add(Secret{input});
  (void)parts.take();
  return 0;
}
