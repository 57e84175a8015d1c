// What a worker and the monitor say to each other. One message is one SOCK_SEQPACKET datagram
// (gateway/wire/channel.h); docs/WIRE.md describes the bytes. Runs in: sallyportd, the workers.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "gateway/wire/answer.h"
#include "gateway/wire/ask.h"

namespace sallyport {

// The monitor's life, drawn at its start: a message of an earlier monitor's worker is refused.
using Incarnation = std::uint64_t;

Secret encode(Incarnation incarnation, const Ask& ask);
Secret encode(Incarnation incarnation, const Answer& answer);
// Refuse another incarnation, an unknown type, a field beyond its limit, trailing bytes.
Result<Ask> decode_ask(Incarnation incarnation, std::string_view bytes);
Result<Answer> decode_answer(Incarnation incarnation, std::string_view bytes);

}  // namespace sallyport
