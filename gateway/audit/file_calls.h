// FileCalls: the system calls of a journal that a test replaces, to fail or write short.
// Runs in: sallyportd (privileged).
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <functional>

namespace sallyport {

struct FileCalls {
  std::function<ssize_t(int, const void*, std::size_t)> write = ::write;
  std::function<int(int)> fdatasync = ::fdatasync;
  std::function<int(int, off_t)> ftruncate = ::ftruncate;
  std::function<int(int, int, off_t, off_t)> fallocate = ::fallocate;
  std::function<int(const char*, const char*)> rename = ::rename;
  std::function<int(const char*)> unlink = ::unlink;
  std::function<int(int)> sync_folder = ::fsync;
};

}  // namespace sallyport
