// Questions to the person at the terminal. Runs in: sallyport.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

// `question` on standard error, one line of standard input; true only for "y" or "yes".
bool confirm(const std::string& question);
// One line from the terminal without echo; an error when there is no terminal.
Result<Secret> ask_secret(const std::string& question);
// The whole of a file, or of standard input for "-"; one newline at the end is dropped from a password.
Result<Secret> read_secret_file(const std::string& path);

}  // namespace sallyport
