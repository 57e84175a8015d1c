// What ssh or a person hands to sallyport-respond: nothing is taken for a text to sign but what a gate
// writes, byte for byte, and nothing is shown that could move a terminal. Runs in: libFuzzer.
#include "auth/respond/challenge.h"
#include "auth/respond/check_challenge.h"
#include "auth/respond/known_gates.h"
#include "auth/respond/known_hosts.h"
#include "base/check.h"

using namespace sallyport;

namespace {

void check_text(const TextToSign& text) {
  our_bug(*compose(text.said()) != text.text(), "a text that a gate would not write");
  const auto shown = in_lines(text.said(), text.said().time);
  for (const char c : shown)
    our_bug((c < ' ' && c != '\n') || c == '\x7f', "a field with a control character");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto prompt = read_prompt(input);
  if (const auto* text = std::get_if<TextToSign>(&prompt)) {
    check_text(*text);
    our_bug(input.find(*signature_prompt(text->said()).map([](auto p) {
      return p.substr(0, p.size() - 1);
    })) == std::string_view::npos,
            "the words of another text");
  }
  const auto typed = read_challenge(input);
  if (const auto* text = std::get_if<TextToSign>(&typed)) check_text(*text);
  if (const auto known = KnownGates::parse(input))
    for (const auto& gate : known->all()) our_bug(!is_gate_name(gate.name), "a name that is none");
  host_keys_of(input, "gate");
  return 0;
}
