// The three things the tool does: answer a challenge, answer ssh, store a secret.
// Runs in: sallyport-respond (as the representative).
#pragma once

#include "auth/respond/options.h"
#include "base/result.h"

namespace sallyport {

// Prints the response, in groups.
Done respond(const Options& options);
// Prints what ssh is to take as the answer to its prompt: the response when it is a gate's challenge, else
// what the person types.
Done answer_ssh(const Options& options);
// Reads the enrolment and stores it.
Done save(const Options& options);

}  // namespace sallyport
