// The answer to a challenge of method ocra. Runs in: sallyport-respond (as the representative).
#pragma once

#include "auth/respond/answering.h"

namespace sallyport {

// The response. With session information, gate and grant are those of the challenge, checked as for a
// signature; a challenge read aloud names neither, and then --gate and --grant say them.
Result<Reply> answer_question(const Answering& answering, const AskedQuestion& asked);

}  // namespace sallyport
