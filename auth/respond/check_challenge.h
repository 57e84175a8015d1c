// Whether a challenge is the one that the representative expects. Pure.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/challenge_text.h"
#include "auth/question.h"
#include "auth/respond/challenge.h"
#include "auth/respond/known_gates.h"
#include "auth/respond/options.h"

namespace sallyport {

// Gate, target, grant and services, as far as they were said.
std::optional<Refusal> check_expected(const Expectation& expected, const ChallengeText& said);
// A question says less: it can be held to a gate and a grant if it names them and the response is bound to
// them (`bound`: the suite has session information), and to nothing else.
std::optional<Refusal> check_expected(const Expectation& expected, const AskedQuestion& asked, bool bound);

// Refused: past its time, or from the future, by more than `tolerance`.
std::optional<Refusal> check_time(const ChallengeText& said, std::chrono::sys_seconds now,
                                  std::chrono::seconds tolerance);
// What a person should know of the two clocks, when one of them is off; empty otherwise.
std::string clock_remark(const ChallengeText& said, std::chrono::sys_seconds now);

enum class Standing { known, first_use, changed };
Standing standing(const KnownGates& known, std::string_view name, std::string_view fingerprint);
// In plain words: what it means and what to do.
Refusal changed_gate(const KnownGates& known, std::string_view name, std::string_view fingerprint);

// The meaning of what will be signed, in lines.
std::string in_lines(const ChallengeText& said, std::chrono::sys_seconds now);

}  // namespace sallyport
