// What every worker's main() begins with. Runs in: the workers.
#pragma once

#include <string>

#include "base/result.h"
#include "gateway/wire/message.h"

namespace sallyport {

inline constexpr int kChannelDescriptor = 3;  // where the monitor puts its end's other end

struct WorkerArguments {
  Incarnation incarnation = 0;
  std::string user, empty_root;
};
// INCARNATION USER EMPTY_ROOT; `program` for the complaint.
Result<WorkerArguments> read_worker_arguments(const char* program, int count, char** values);

// A socket must never become standard input, output or error of a library that writes there.
Done fill_standard_descriptors();

}  // namespace sallyport
