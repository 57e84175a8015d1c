// Forms as browsers post them, and text as it stands in a page. Pure; runs in: sallyport-https.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// The value of the field `name` in a body of application/x-www-form-urlencoded; an Error when it is not there
// once, or not well-formed.
Result<Secret> form_field(std::string_view body, std::string_view name);

// For text and for attributes in double quotes.
std::string escape_html(std::string_view text);

}  // namespace sallyport
