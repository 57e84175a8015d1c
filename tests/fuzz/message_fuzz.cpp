// Fuzzes the wire messages: any bytes are a message or refused, and what is accepted encodes to the same
// bytes. Runs in: a test program.
#include <cstddef>
#include <cstdint>

#include "auth/helper_message.h"
#include "base/check.h"
#include "gateway/wire/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  constexpr Incarnation kZero = 0;
  if (const auto ask = decode_ask(kZero, bytes))
    our_bug(!encode(kZero, *ask).equals(bytes), "an ask changed");
  if (const auto answer = decode_answer(kZero, bytes))
    our_bug(!encode(kZero, *answer).equals(bytes), "an answer changed");
  if (const auto ask = decode_helper_ask(bytes))
    our_bug(!encode(*ask).equals(bytes), "a helper's ask changed");
  if (const auto answer = decode_helper_answer(bytes))
    our_bug(!encode(*answer).equals(bytes), "a helper's answer changed");
  return 0;
}
