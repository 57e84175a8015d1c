// Takes from a worker all it could do beyond its open descriptors, for good (I7). Runs in: the workers.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "gateway/worker/seccomp_filter.h"

namespace sallyport {

// Who a worker becomes and where it is shut in. Looked up while files can still be read.
struct Confinement {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string empty_root;

  // Refuses an unknown user and the superuser.
  static Result<Confinement> for_user(const std::string& user, const std::string& empty_root);
};

// Run as root, before the first byte of a peer. In this order: limits, empty root, identity, capabilities,
// no_new_privs, death with the monitor at the far end of `channel`, an end to endless work, seccomp. Checks
// that it holds. After a failure the process is half confined and must exit.
Done confine(const Confinement& confinement, int channel, WorkerKind kind = WorkerKind::ssh);

// Sets O_NONBLOCK in the one way that the filter lets through. For sockets.
Done make_nonblocking(int socket);

}  // namespace sallyport
