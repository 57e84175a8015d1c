// Runs in: the workers.
#include "gateway/worker/start.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace sallyport {

Result<WorkerArguments> read_worker_arguments(const char* program, int count, char** values) {
  if (count != 4) return fail("usage: {} INCARNATION USER EMPTY_ROOT (started by sallyportd)", program);
  WorkerArguments arguments{0, values[2], values[3]};
  const std::string_view number{values[1]};
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), arguments.incarnation);
  if (error != std::errc{} || end != number.data() + number.size())
    return fail("the incarnation is not a number");
  return arguments;
}

Done fill_standard_descriptors() {
  for (;;) {
    const int fd = open("/dev/null", O_RDWR);
    if (fd < 0) return fail_errno("opening /dev/null");
    if (fd > STDERR_FILENO) {
      close(fd);
      return {};
    }
  }
}

}  // namespace sallyport
