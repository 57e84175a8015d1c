// The challenge of method ssh-signature: the text that a rep signs, and the prompt that carries it. Composed
// by the gate and read by the rep's tool through this one file, so that both mean the same bytes. Pure. Runs
// in: sallyportd, sallyport-auth, sallyport-respond.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"

namespace sallyport {

// What a signature is good for. It names everything that an answer must not be carried over to: another gate,
// another grant, another rep, another time; and a nonce that is drawn for one question.
struct ChallengeText {
  std::string gateway;   // the gate's name in its settings
  std::string host_key;  // "SHA256:…", the gate's ed25519 host key as ssh-keygen -l prints it
  std::string grant;     // "g-…"
  std::string rep;
  std::string target;
  std::vector<std::string> services;  // at least one
  std::chrono::sys_seconds time, expires;
  std::string nonce;  // 32 lower case hex digits
  bool operator==(const ChallengeText&) const = default;
};

// The namespace that is signed too (PROTOCOL.sshsig): ssh-keygen -Y sign -n sallyport
inline constexpr std::string_view kSignatureNamespace = "sallyport";
inline constexpr std::size_t kLongestChallengeText = 4096;
inline constexpr std::size_t kMostChallengeServices = 64;

// 128 bits.
std::string draw_nonce(Random& random);

// Ten lines, each ended by a newline, "sallyport-challenge-v1" first. Error: a field that is empty, too long,
// or holds anything but the characters of its kind. No field can hold a space or a control byte, so no value
// can look like another line.
Result<std::string> compose(const ChallengeText& challenge);
// The one reading of what compose() wrote; anything that compose() would not write is refused.
Result<ChallengeText> parse_challenge_text(std::string_view text);

// The whole prompt: its meaning in words, the text in Base64, and the question for the signature. All of it
// is in the prompt, because a client at LogLevel=ERROR hides what stands beside one.
//   Sign to open hmc1 (ssh, https) for kim, grant g-k7xqm, at gate gw1, host key SHA256:…, until 10:42:00
//   UTC. Challenge c2FsbHlwb3J0… Signature:
Result<std::string> signature_prompt(const ChallengeText& challenge);
// "Signature, part 2: ": the answer so far is not the whole of a signature yet. `part` counts from 2.
std::string signature_part_prompt(std::uint32_t part);

// The text in such a prompt, when the prompt is wholly what signature_prompt() makes of it (so that its words
// cannot say something else than what is signed); also with OpenSSH's "(kim@gate) " in front and without the
// trailing space. Nothing when the prompt is another one.
std::optional<std::string> text_in_signature_prompt(std::string_view prompt);
// The number of the part that such a prompt asks for.
std::optional<std::uint32_t> part_in_signature_prompt(std::string_view prompt);

// OpenSSH takes 1,023 bytes of one answer, so a longer signature is given in parts: its Base64, cut.
inline constexpr std::size_t kSignaturePartLength = 1000;
inline constexpr std::uint32_t kMostSignatureParts = 40;
inline constexpr std::size_t kLongestSignature = 16 * 1024;  // bytes of all parts

}  // namespace sallyport
