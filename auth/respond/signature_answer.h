// The answer to a challenge of method ssh-signature. Runs in: sallyport-respond (as the representative).
#pragma once

#include "auth/respond/answering.h"

namespace sallyport {

// Checks gate, target, grant, services and time, shows what would be signed, asks where nothing was said of
// what to expect, and only then signs.
Result<Reply> answer_signature(const Answering& answering, const TextToSign& text);

// Parts of at most kSignaturePartLength characters.
std::vector<std::string> cut_in_parts(std::string_view base64);

}  // namespace sallyport
