// The things the tool does, one function each. Runs in: sallyport-respond (as the representative).
#pragma once

#include "auth/respond/options.h"
#include "base/result.h"

namespace sallyport {

// The exit status, as the help says it.
enum class Outcome { answered = 0, failed = 1, wrong_usage = 2, refused = 3 };

// Prints the answer in groups; with --json as one object, a refusal too.
Result<Outcome> respond(const Options& options);
// Prints what the challenge says, and answers nothing.
Result<Outcome> show(const Options& options);
// Prints what ssh is to take as the answer to its prompt: the response or signature when it is a gate's
// challenge, else what the person types.
Result<Outcome> answer_ssh(const Options& options);
// Becomes that command, with this program as its askpass program. Returns only when that fails.
Done run_command(const Options& options);
// Reads the enrolment and stores it.
Done save(const Options& options);

}  // namespace sallyport
