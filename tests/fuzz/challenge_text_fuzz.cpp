// Any text as a challenge or its prompt: what is read is written the same again. Runs in: a test program.
#include <cstdint>

#include "auth/challenge_text.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  [[maybe_unused]] const auto part = part_in_signature_prompt(text);
  if (const auto inner = text_in_signature_prompt(text))
    our_bug(!parse_challenge_text(*inner), "a prompt that carries no challenge");
  const auto challenge = parse_challenge_text(text);
  if (!challenge) return 0;
  our_bug(compose(*challenge).value_or("") != text, "a challenge that changes");
  const auto prompt = signature_prompt(*challenge);
  our_bug(!prompt || text_in_signature_prompt(*prompt) != text, "a prompt that loses its challenge");
  return 0;
}
