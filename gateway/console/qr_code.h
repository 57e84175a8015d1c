// A QR code in a terminal, two modules a character. Runs in: sallyport.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// Lines of UTF-8 half blocks with a quiet zone of four modules, dark on light whatever the terminal's colours
// if `color`; without colours as seen on a dark terminal.
Result<std::string> qr_code(const Secret& text, bool color);

}  // namespace sallyport
