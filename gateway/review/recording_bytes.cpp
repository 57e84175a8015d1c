// Runs in: sallyport.
#include "gateway/review/recording_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sallyport {

namespace {

constexpr std::size_t kPiece = 256 * 1024;

}  // namespace

Result<bool> RecordingBytes::more(std::string& to) {
  const auto had = to.size();
  to.resize(had + kPiece);
  ssize_t got = -1;
  do got = ::pread(file_.get(), to.data() + had, kPiece, static_cast<off_t>(position_));
  while (got < 0 && errno == EINTR);
  to.resize(had + static_cast<std::size_t>(got < 0 ? 0 : got));
  if (got < 0) return fail_errno("reading the recording");
  position_ += static_cast<std::uint64_t>(got);
  return got > 0;
}

Result<UniqueFd> open_recording(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", path);
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path);
  return fd;
}

}  // namespace sallyport
