// Runs in: the workers.
#include "gateway/worker/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gateway/worker/lifetime.h"
#include "gateway/worker/seccomp_filter.h"

namespace sallyport {

Result<Confinement> Confinement::for_user(const std::string& user, const std::string& empty_root) {
  errno = 0;
  const passwd* const entry = getpwnam(user.c_str());
  if (entry == nullptr) return fail_errno("looking up the workers' user {}", user);
  if (entry->pw_uid == 0 || entry->pw_gid == 0) return fail("the workers' user {} is the superuser", user);
  return Confinement{entry->pw_uid, entry->pw_gid, empty_root};
}

namespace {

// A connection needs its sockets and one recording a terminal; a leak must not grow without end.
constexpr rlim_t kDescriptors = 256;
// A browser's connections, a REST client's, and one to the target for each that is busy.
constexpr rlim_t kWebDescriptors = 2100;
// Everything a worker holds at once is bounded windows and buffers; a peer that finds a way around them
// must not take the machine's memory. Measured on libssh 0.10: 1 MiB for a terminal, 6 for a copy of 100 MiB,
// 44 with ten busy channels, 340 with the 100 that a policy may allow. Unused under sanitizers, whose shadow
// counts.
[[maybe_unused]] constexpr rlim_t kDataBytes = rlim_t{512} << 20;

Done limit(__rlimit_resource resource, rlim_t most) {
  const rlimit both{most, most};
  if (setrlimit(resource, &both) != 0) return fail_errno("setting a resource limit");
  return {};
}

Done limit_resources(WorkerKind kind) {
  RETURN_IF_ERROR(limit(RLIMIT_CORE, 0));  // I9: no secret in a core file
  RETURN_IF_ERROR(limit(RLIMIT_NPROC, 0));
  RETURN_IF_ERROR(limit(RLIMIT_NOFILE, kind == WorkerKind::ssh ? kDescriptors : kWebDescriptors));
#if !defined(__SANITIZE_ADDRESS__)
  RETURN_IF_ERROR(limit(RLIMIT_DATA, kDataBytes));
#endif
  return {};
}

Done enter_empty_root(const std::string& root) {
  if (chroot(root.c_str()) != 0) return fail_errno("entering the empty root {}", root);
  if (chdir("/") != 0) return fail_errno("entering the empty root {}", root);
  return {};
}

Done empty_bounding_set() {
  // The kernel may know more capabilities than this header: until it says that there are no more.
  for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return fail_errno("dropping capability {}", capability);
  return {};
}

Done change_identity(const Confinement& confinement) {
  if (setgroups(0, nullptr) != 0) return fail_errno("dropping the groups");
  if (setresgid(confinement.gid, confinement.gid, confinement.gid) != 0)
    return fail_errno("changing the group");
  if (setresuid(confinement.uid, confinement.uid, confinement.uid) != 0)
    return fail_errno("changing the user");
  if (setresuid(0, 0, 0) == 0) return fail("the user could be changed back");
  return {};
}

Done drop_capabilities() {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return fail_errno("clearing ambient capabilities");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capset, &header, none) != 0) return fail_errno("dropping the capabilities");
  return {};
}

Done forbid_new_privileges() {
  // A change of identity may have set it anew, so it comes after.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("forbidding to be traced");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("forbidding new privileges");
  return {};
}

}  // namespace

Done confine(const Confinement& confinement, int channel, WorkerKind kind) {
  RETURN_IF_ERROR(limit_resources(kind));
  RETURN_IF_ERROR(enter_empty_root(confinement.empty_root));
  RETURN_IF_ERROR(empty_bounding_set());
  RETURN_IF_ERROR(change_identity(confinement));
  RETURN_IF_ERROR(drop_capabilities());
  RETURN_IF_ERROR(forbid_new_privileges());
  RETURN_IF_ERROR(die_with_parent(channel));
  RETURN_IF_ERROR(prepare_to_limit_work());
  return load_seccomp_filter(kind);
}

Done make_nonblocking(int socket) {
  if (fcntl(socket, F_SETFL, O_APPEND | O_NONBLOCK) != 0) return fail_errno("making a socket non-blocking");
  return {};
}

}  // namespace sallyport
