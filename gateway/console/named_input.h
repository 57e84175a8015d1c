// What a person names on the command line to be read: a file, or "-" for standard input. Runs in: sallyport.
#pragma once

#include <string>

#include "base/result.h"

namespace sallyport {

// All of it; an Error when it holds more than `limit` bytes.
Result<std::string> read_named_input(const std::string& path, std::size_t limit);

}  // namespace sallyport
