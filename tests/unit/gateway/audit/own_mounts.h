// A child in a mount namespace of its own, for tests that need disks. Runs in: tests, as root.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/unique_fd.h"

namespace sallyport {

// In a chroot "/" is no mount point, and its propagation cannot be changed. Joining our namespace once more
// leads out of the chroot; afterwards we go back into it.
inline bool make_mounts_private() {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return true;
  if (errno != EINVAL) return false;
  const UniqueFd root{::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const UniqueFd self{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))};
  return ::setns(self.get(), CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && ::fchdir(root.get()) == 0 &&
         ::chroot(".") == 0;
}

// What `story` returns, run in a child with its own mounts, which go with it: 0 to 99. 100: no namespace,
// 200: it was killed.
template <class Story>
int in_own_mounts(Story story) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::unshare(CLONE_NEWNS) != 0 || !make_mounts_private()) ::_exit(100);
    ::_exit(story());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

}  // namespace sallyport
