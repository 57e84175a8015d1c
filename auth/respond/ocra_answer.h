// The answer to a challenge of method ocra. Runs in: sallyport-respond (as the representative).
#pragma once

#include "auth/respond/answering.h"

namespace sallyport {

// The response. With session information, gate and grant are those of the challenge, checked as for a
// signature; a challenge read aloud names neither, and then --gate and --grant say them. `own_question`: what
// was put to the gate, with mutual authentication; its answer is checked before ours is made.
Result<Reply> answer_question(const Answering& answering, const AskedQuestion& asked,
                              const std::optional<std::string>& own_question);

// Whether the secret was stored with --mutual; false where there is none, as for who signs.
bool is_enrolled_mutually(const Options& options);

// A question for the gate, of the enrolled suite's form.
Result<std::string> draw_own_question(const Options& options, Random& random);

}  // namespace sallyport
