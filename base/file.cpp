// Runs in: every program but the workers.
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace sallyport {

namespace {

Done check_owner(const struct stat& status, const std::filesystem::path& path) {
  if (status.st_uid != 0)
    return fail("{} is not owned by root (fix: chown root {})", path.string(), path.string());
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail("{} can be written by others than root (fix: chmod go-w {})", path.string(), path.string());
  return {};
}

Done check_trust(const struct stat& status, const std::filesystem::path& path, Trust trust) {
  RETURN_IF_ERROR(check_owner(status, path));
  if (trust == Trust::secret_of_group && (status.st_mode & S_IRWXO) != 0)
    return fail("{} holds a secret and can be read by everybody (fix: chmod o-rwx {})", path.string(),
                path.string());
  if (trust == Trust::secret_of_root && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail("{} holds a secret and can be read by others than root (fix: chmod 600 {})", path.string(),
                path.string());
  return {};
}

}  // namespace

Done check_rooted(const std::filesystem::path& path, Trust trust) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return fail_errno("looking at {}", path.string());
  if (S_ISLNK(status.st_mode)) return fail("{} is a link", path.string());
  return check_trust(status, path, trust);
}

Done check_program(const std::filesystem::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    const Error missing{fmt::format("the program {}", path.string()), errno};
    return fail("{} (fix: reinstall it: apt install --reinstall sallyport)", missing.message());
  }
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path.string());
  RETURN_IF_ERROR(check_owner(status, path));
  if ((status.st_mode & S_IXOTH) == 0)
    return fail("the program {0} cannot be started (fix: chmod 755 {0})", path.string());
  return {};
}

Done sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return fail_errno("opening folder {}", folder.string());
  if (fsync(fd.get()) != 0) return fail_errno("syncing folder {}", folder.string());
  return {};
}

Result<std::string> read_trusted_file(const std::filesystem::path& path, Trust trust, std::size_t limit) {
  // O_NONBLOCK: a FIFO put in the file's place must not hang us before fstat tells what it is.
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) return fail_errno("opening {}", path.string());
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return fail_errno("looking at {}", path.string());
  if (!S_ISREG(status.st_mode)) return fail("{} is not a regular file", path.string());
  RETURN_IF_ERROR(check_trust(status, path, trust));
  std::string bytes(limit + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto got = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading {}", path.string());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > limit) return fail("{} is larger than {} bytes", path.string(), limit);
  bytes.resize(size);
  return bytes;
}

Done write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("writing");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Done replace_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  const auto temporary = path.parent_path() / fmt::format(".{}.new", path.filename().string());
  ::unlink(temporary.c_str());  // what a crash may have left
  const UniqueFd fd{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd) return fail_errno("creating {}", temporary.string());
  if (auto written = write_all(fd.get(), bytes); !written)
    return tl::unexpected{written.error().within(temporary.string())};
  if (fchmod(fd.get(), mode) != 0) return fail_errno("setting the mode of {}", temporary.string());
  if (fsync(fd.get()) != 0) return fail_errno("syncing {}", temporary.string());
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("renaming to {}", path.string());
  return sync_folder(path.parent_path());
}

}  // namespace sallyport
