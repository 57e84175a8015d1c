// Running another program to its end, with what it reads and prints held in memory. Runs in: sallyport.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport {

struct ProgramResult {
  int status = 0;  // of exit; 0 too when a signal ended it
  int signal = 0;
  std::string output;
};

// `command`: a path, or a name that is looked up in PATH, and its arguments. Standard error is ours. Error:
// it could not be started, or printed more than `limit` bytes.
Result<ProgramResult> run_program(const std::vector<std::string>& command, std::string_view input,
                                  std::size_t limit = 1 << 20);

}  // namespace sallyport
