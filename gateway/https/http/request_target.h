// The address in a request's first line. Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <string_view>

#include "gateway/https/http/fault.h"

namespace sallyport::http {

// Path and query of `written`: either as they are ("/a?b"), or out of an absolute address
// ("https://HOST/a?b") of that very host, which RFC 9112 section 3.2.2 has servers accept.
Parsed<std::string> parse_request_target(std::string_view written, std::string_view host);

}  // namespace sallyport::http
