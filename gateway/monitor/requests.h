// The whole attack surface of the monitor on one screen: what a worker may ask, in which phase, how often.
// Anything else ends the worker. Runs in: sallyportd (privileged).
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "gateway/wire/message.h"

namespace sallyport {

// Where one connection stands. Each phase is one bit, so that a row can name several.
enum class Phase : std::uint8_t {
  new_peer = 1,     // nothing was said, or a try failed and another is allowed
  challenged = 2,   // user and password were given, a challenge was shown
  admitted = 4,     // password and response were right and the grant is claimed
  dialled = 8,      // the target's socket was handed over
  connected = 16,   // the target let the rep in: the session is on
  over = 32,        // it is ending: questions that cross the end on their way are refused
  introduced = 64,  // user and password were given, the rep's own question is wanted
};
constexpr std::uint8_t operator|(Phase a, Phase b) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr std::uint8_t kAnyPhase = 127;

template <class T, std::size_t Index = 0>
constexpr std::size_t ask_index() {
  if constexpr (std::is_same_v<std::variant_alternative_t<Index, Ask>, T>)
    return Index;
  else
    return ask_index<T, Index + 1>();
}

struct Request {
  std::size_t ask;      // index in Ask
  std::uint8_t phases;  // a set of Phase
  std::uint32_t most;   // times a connection
};

inline constexpr std::uint32_t kMostTries = 10, kMostChannels = 100'000, kUnlimited = 0xffffffff;

// clang-format off
inline constexpr std::array kRequests{
    //      may ask                         only while                                   times
    Request{ask_index<AskPassword>(),       static_cast<std::uint8_t>(Phase::new_peer),   kMostTries},
    Request{ask_index<AskQuestion>(),       static_cast<std::uint8_t>(Phase::introduced), kMostTries},
    Request{ask_index<AskAnswer>(),         static_cast<std::uint8_t>(Phase::challenged), kMostTries},
    Request{ask_index<AskTarget>(),         Phase::admitted | Phase::over,                1},
    Request{ask_index<AskTargetFailed>(),   Phase::dialled | Phase::over,                 1},
    Request{ask_index<AskConnected>(),      Phase::dialled | Phase::over,                 1},
    Request{ask_index<AskChannel>(),        Phase::connected | Phase::over,               kMostChannels},
    Request{ask_index<AskDirect>(),         Phase::connected | Phase::over,               kMostChannels},
    Request{ask_index<TellFile>(),          Phase::connected | Phase::over,               kUnlimited},
    Request{ask_index<TellChannelClosed>(), Phase::connected | Phase::over,               kMostChannels},
    Request{ask_index<TellActivity>(),      Phase::connected | Phase::over,               kUnlimited},
    Request{ask_index<TellFinished>(),      kAnyPhase,                                    1},
    Request{ask_index<TellApiSession>(),    Phase::connected | Phase::over,               kUnlimited},
    Request{ask_index<TellLoggedOff>(),     0,                                            0},  // of no peer: logoff.h
};
// clang-format on

constexpr const Request& request_for(std::size_t ask) {
  for (const auto& request : kRequests)
    if (request.ask == ask) return request;
  return kRequests.front();  // not reached: the static_assert below says so
}
constexpr bool permitted(std::size_t ask, Phase phase) {
  return (request_for(ask).phases & static_cast<std::uint8_t>(phase)) != 0;
}
constexpr bool every_ask_has_a_row() {
  for (std::size_t ask = 0; ask < std::variant_size_v<Ask>; ++ask)
    if (request_for(ask).ask != ask) return false;
  return true;
}
static_assert(every_ask_has_a_row());
static_assert(!permitted(ask_index<AskTarget>(), Phase::new_peer), "I3: no target before login");
static_assert(!permitted(ask_index<AskTarget>(), Phase::challenged),
              "I3: no target before the response was accepted");
static_assert(!permitted(ask_index<AskTarget>(), Phase::introduced), "I3: no target before login");
static_assert(!permitted(ask_index<AskAnswer>(), Phase::introduced), "no response before the challenge");
static_assert(!permitted(ask_index<AskQuestion>(), Phase::challenged), "one question a try");
static_assert(!permitted(ask_index<AskChannel>(), Phase::dialled),
              "no program before the session is journaled");
static_assert(!permitted(ask_index<AskDirect>(), Phase::dialled), "no port before the session is journaled");
static_assert(!permitted(ask_index<TellApiSession>(), Phase::dialled), "no session before it is journaled");
static_assert(!permitted(ask_index<TellFile>(), Phase::dialled), "no file before the session is journaled");
static_assert(!permitted(ask_index<AskAnswer>(), Phase::new_peer), "no answer without a challenge");

// Counts what one connection asked.
class RequestBudget {
 public:
  // Whether the ask is allowed now; counts it when it is.
  Done spend(const Ask& ask, Phase phase);

 private:
  std::array<std::uint32_t, std::variant_size_v<Ask>> spent_{};
};

}  // namespace sallyport
