// Runs in: sallyportd (privileged).
#include "gateway/audit/recording_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "base/file.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 64 * 1024;

// Session names are the gate's own, but they become a path here.
Done check_session(const std::string& session) {
  const bool plain = session.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == session.npos;
  if (session.empty() || session.size() > 64 || !plain)
    return fail("'{}' is not the name of a session", session);
  return {};
}

std::string path_of(const std::string& session, std::uint32_t channel) {
  return fmt::format("recordings/{}/{}.cast", session, channel);
}

// How many bytes from `offset` were added to `sum`: at most `most`, fewer only at the end of the file.
Result<std::uint64_t> hash_range(int fd, std::uint64_t offset, std::uint64_t most, Sha256& sum) {
  std::string piece(kPiece, '\0');
  std::uint64_t done = 0;
  while (done < most) {
    const auto want = std::min<std::uint64_t>(piece.size(), most - done);
    const auto got = ::pread(fd, piece.data(), want, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading the recording");
    if (got == 0) break;
    sum.update(std::string_view{piece}.substr(0, static_cast<std::size_t>(got)));
    done += static_cast<std::uint64_t>(got);
  }
  return done;
}

}  // namespace

Result<RecordingSum> hash_recording(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("looking at the recording");
  if (!S_ISREG(status.st_mode)) return fail("it is not a regular file");
  Sha256 sum;
  ASSIGN_OR_RETURN(const auto size, hash_range(fd, 0, static_cast<std::uint64_t>(status.st_size), sum));
  return RecordingSum{{}, size, sum.hex()};
}

Result<std::uint64_t> Recording::appended() const {
  struct stat status {};
  if (::fstat(reader_.get(), &status) != 0) return fail_errno("looking at {}", path_);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < hashed_) return fail("{} was cut: it holds {} bytes, and held {}", path_, size, hashed_);
  if (status.st_nlink == 0) return fail("{} was removed while it was written", path_);
  return size - hashed_;
}

Result<std::uint64_t> Recording::advance(std::uint64_t most) {
  ASSIGN_OR_RETURN(const auto waiting, appended());
  ASSIGN_OR_RETURN(const auto done, hash_range(reader_.get(), hashed_, std::min(waiting, most), sum_));
  hashed_ += done;
  return done;
}

Result<RecordingSum> Recording::finish() {
  writer_.reset();
  if (::fdatasync(reader_.get()) != 0) return fail_errno("syncing {}", path_);
  ASSIGN_OR_RETURN(auto waiting, appended());
  while (waiting > 0) {
    ASSIGN_OR_RETURN(const auto done, advance(waiting));
    if (done == 0) return fail("{} was cut while it was hashed", path_);
    waiting -= done;
  }
  return RecordingSum{path_, hashed_, sum_.hex()};
}

Result<RecordingStore> RecordingStore::open(const fs::path& state, RecordingOptions options) {
  RecordingStore store{state, options};
  RETURN_IF_ERROR(store.make_folder(state / "recordings"));
  return store;
}

Done RecordingStore::make_folder(const fs::path& folder) const {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno != EEXIST) return fail_errno("making folder {}", folder.string());
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) return fail_errno("looking at {}", folder.string());
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
      return fail("{} is not a folder that only root may write (fix: chown root, chmod go-w)",
                  folder.string());
    return {};
  }
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening folder {}", folder.string());
  if (options_.group && ::fchown(fd.get(), static_cast<uid_t>(-1), *options_.group) != 0)
    return fail_errno("changing the group of {}", folder.string());
  if (::fchmod(fd.get(), 0750) != 0) return fail_errno("changing the mode of {}", folder.string());
  return sync_folder(folder.parent_path());
}

Result<Recording> RecordingStore::create(const std::string& session, std::uint32_t channel) const {
  RETURN_IF_ERROR(check_session(session));
  RETURN_IF_ERROR(room());
  const auto name = path_of(session, channel);
  const auto path = state_ / name;
  RETURN_IF_ERROR(make_folder(path.parent_path()));
  constexpr int kNew = O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd writer{::open(path.c_str(), kNew, 0600)};
  if (!writer) return fail_errno("creating {}", path.string());
  UniqueFd reader{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!reader) return fail_errno("opening {}", path.string());
  if (options_.group && ::fchown(writer.get(), static_cast<uid_t>(-1), *options_.group) != 0)
    return fail_errno("changing the group of {}", path.string());
  if (::fchmod(writer.get(), 0640) != 0) return fail_errno("changing the mode of {}", path.string());
  RETURN_IF_ERROR(sync_folder(path.parent_path()));
  return Recording{name, std::move(reader), std::move(writer)};
}

Result<fs::path> RecordingStore::existing(const std::string& session, std::uint32_t channel) const {
  RETURN_IF_ERROR(check_session(session));
  const auto plain = state_ / path_of(session, channel);
  struct stat status {};
  if (::lstat(plain.c_str(), &status) == 0 || errno != ENOENT) return plain;
  const auto compressed = fs::path{plain.string() + kCompressedEnding};
  return ::lstat(compressed.c_str(), &status) == 0 ? compressed : plain;
}

Result<UniqueFd> RecordingStore::reader(const std::string& session, std::uint32_t channel) const {
  ASSIGN_OR_RETURN(const auto path, existing(session, channel));
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path.string());
  return fd;
}

Done RecordingStore::remove(const std::string& session, std::uint32_t channel) const {
  RETURN_IF_ERROR(check_session(session));
  const auto path = state_ / path_of(session, channel);
  const auto compressed = path.string() + kCompressedEnding;
  // Both are there where a compression was killed at its very end.
  const bool plain_gone = ::unlink(path.c_str()) == 0;
  if (!plain_gone && errno != ENOENT) return fail_errno("removing {}", path.string());
  const bool compressed_gone = ::unlink(compressed.c_str()) == 0;
  if (!compressed_gone && (errno != ENOENT || !plain_gone)) return fail_errno("removing {}", compressed);
  const auto folder = path.parent_path();
  RETURN_IF_ERROR(sync_folder(folder));
  return ::rmdir(folder.c_str()) == 0 ? sync_folder(folder.parent_path()) : Done{};
}

Result<RecordingSum> RecordingStore::close_left_over(const std::string& session,
                                                     std::uint32_t channel) const {
  ASSIGN_OR_RETURN(const UniqueFd fd, reader(session, channel));
  const auto name = path_of(session, channel);
  if (::fdatasync(fd.get()) != 0) return fail_errno("syncing {}", name);
  auto sum = hash_recording(fd.get());
  if (!sum) return tl::unexpected{sum.error().within(name)};
  sum->path = name;
  return sum;
}

Done RecordingStore::room() const {
  struct statvfs space {};
  const auto folder = state_ / "recordings";
  if (::statvfs(folder.c_str(), &space) != 0)
    return fail_errno("asking for the room left in {}", folder.string());
  const auto left = std::uint64_t{space.f_bavail} * space.f_frsize;
  if (left >= options_.least_room) return {};
  return tl::unexpected{Error{fmt::format("the disk of {} is full: {} KiB are free, a recording needs {}",
                                          folder.string(), left / 1024, options_.least_room / 1024),
                              ENOSPC}};
}

}  // namespace sallyport
