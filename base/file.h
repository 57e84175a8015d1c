// Files that decide who gets in: opened without following links, refused when others could have written
// them, replaced whole. Runs in: every program but the workers, which open no file.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport {

enum class Trust {
  owned_by_root,   // owner root, not writable by group or others
  secret_of_root,   // and not readable by group or others
  secret_of_group,  // and not readable by others: root's, handed to a program without privileges
};

// The whole of a regular file of at most `limit` bytes.
Result<std::string> read_trusted_file(const std::filesystem::path& path, Trust trust,
                                      std::size_t limit = 1 << 20);

// That `path`, a file or a folder and no link, is root's as `trust` says. It is not opened.
Done check_rooted(const std::filesystem::path& path, Trust trust = Trust::owned_by_root);

// That `path` is a program which root alone can change, and that can be started.
Done check_program(const std::filesystem::path& path);

// A temporary file beside `path`, fsync, rename, fsync of the folder: after power loss the old one or the
// new one, never half. The umask does not matter.
Done replace_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

// Makes names that were created, renamed or removed in `folder` survive a power loss.
Done sync_folder(const std::filesystem::path& folder);

// All of `bytes`, through short writes and EINTR.
Done write_all(int fd, std::string_view bytes);

}  // namespace sallyport
