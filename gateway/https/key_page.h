// The one page of the gate with a script: it has the browser ask a WebAuthn key, and posts what the key says.
// Pure; runs in: sallyport-https.
#pragma once

#include <string>

#include "gateway/wire/message.h"

namespace sallyport {

// The form, and its script behind it.
std::string key_page_content(const KeyChallenge& asked);
// For the page's policy: "'sha256-…'" of that script, which is the same for every page.
const std::string& key_page_script_source();

}  // namespace sallyport
