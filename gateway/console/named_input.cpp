// Runs in: sallyport.
#include "gateway/console/named_input.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace sallyport {

Result<std::string> read_named_input(const std::string& path, std::size_t limit) {
  const UniqueFd file{path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return fail_errno("opening {}", path);
  std::string text(limit + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading {}", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == text.size()) return fail("{} is longer than {} bytes", path, limit);
  text.resize(size);
  return text;
}

}  // namespace sallyport
