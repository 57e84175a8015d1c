// sallyport(1), written from what --help knows. Pure. Runs in: sallyport, at build time.
#pragma once

#include <string>

#include "gateway/console/command_outline.h"

namespace sallyport {

// In mdoc(7).
std::string manual(const CommandOutline& program);

}  // namespace sallyport
