// What an admin does about an error of the system that does not say it by itself. Runs in: every program.
#pragma once

#include <string>

#include "base/error.h"

namespace sallyport {

// The error's line, with " (fix: …)" behind it where there is one to give and the line gives none.
std::string with_advice(const Error& error);

// Such a line in two: what is wrong, and what to do about it; that is empty when the line gives none.
struct Advised {
  std::string problem, fix;
};
Advised split_advice(const std::string& line);

}  // namespace sallyport
