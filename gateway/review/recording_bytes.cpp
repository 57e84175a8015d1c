// Runs in: sallyport.
#include "gateway/review/recording_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

namespace sallyport {

namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr int kLargestWindow = 23;                       // 8 MiB: more than level 10 asks for
constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";  // RFC 8878, section 3.1.1

}  // namespace

// The next bytes of the file, into input_.
Result<bool> RecordingBytes::read() {
  input_.resize(kPiece);
  taken_ = 0;
  ssize_t got = -1;
  do got = ::pread(file_.get(), input_.data(), kPiece, static_cast<off_t>(position_));
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("reading the recording");
  input_.resize(static_cast<std::size_t>(got));
  const bool first = position_ == 0;
  position_ += input_.size();
  if (first && input_.starts_with(kMagic)) {
    stream_.reset(ZSTD_createDCtx());
    if (!stream_) return fail("there is no memory to decompress a recording");
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kLargestWindow);
  }
  return got > 0;
}

Result<bool> RecordingBytes::more(std::string& to) {
  if (stream_) return decompress(to);
  ASSIGN_OR_RETURN(const auto some, read());
  if (stream_) return decompress(to);
  to += input_;
  return some;
}

Result<bool> RecordingBytes::decompress(std::string& to) {
  for (;;) {
    if (taken_ == input_.size()) {
      ASSIGN_OR_RETURN(const auto some, read());
      if (!some && !between_frames_) return fail("the compressed recording is cut short");
      if (!some) return false;
    }
    const auto had = to.size();
    to.resize(had + kPiece);
    ZSTD_inBuffer in{input_.data(), input_.size(), taken_};
    ZSTD_outBuffer out{to.data() + had, kPiece, 0};
    const auto left = ZSTD_decompressStream(stream_.get(), &out, &in);
    to.resize(had + out.pos);
    taken_ = in.pos;
    if (ZSTD_isError(left) != 0)
      return fail("the compressed recording is damaged: {}", ZSTD_getErrorName(left));
    between_frames_ = left == 0;
    if (out.pos > 0) return true;
  }
}

bool is_plain_recording(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::symlink_status(path, ignored).type() == std::filesystem::file_type::regular;
}

bool is_recording(const std::filesystem::path& path) {
  return is_plain_recording(path) || is_plain_recording(path.string() + kCompressedEnding);
}

Result<UniqueFd> open_recording(const std::string& path) {
  constexpr int kReading = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  UniqueFd fd{::open(path.c_str(), kReading)};
  if (!fd && errno == ENOENT) {
    fd = UniqueFd{::open((path + kCompressedEnding).c_str(), kReading)};
    if (!fd) errno = ENOENT;
  }
  if (!fd) return fail_errno("opening {}", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", path);
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path);
  return fd;
}

Result<RecordingSum> hash_contents(UniqueFd file, std::uint64_t expected) {
  RecordingBytes bytes{std::move(file)};
  RecordingSum sum;
  Sha256 hasher;
  std::string piece;
  for (bool more = true; more && sum.size <= expected; piece.clear()) {
    ASSIGN_OR_RETURN(more, bytes.more(piece));
    hasher.update(piece);
    sum.size += piece.size();
  }
  sum.sha256 = hasher.hex();
  return sum;
}

}  // namespace sallyport
