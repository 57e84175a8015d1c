// Runs in: the workers.
#include "gateway/worker/seccomp_filter.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <memory>
#include <type_traits>

#include "base/handle.h"

namespace sallyport {

namespace {

using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, FreeWith<seccomp_release>>;

// libseccomp returns a negative errno.
Done checked(int code, const char* doing) {
  if (code < 0) return tl::unexpected{Error{doing, -code}};
  return {};
}

// What the system call's argument must be: as the SCMP_A macros say it, in C++.
scmp_arg_cmp argument(unsigned number, scmp_compare how, scmp_datum_t a, scmp_datum_t b = 0) {
  return {number, how, a, b};
}

template <class... Comparisons>
Done rule(const Filter& filter, std::uint32_t action, int call, Comparisons... comparisons) {
  return checked(seccomp_rule_add(filter.get(), action, call, sizeof...(comparisons), comparisons...),
                 "adding a seccomp rule");
}

constexpr int kHarmlessCalls[] = {
    // bytes on descriptors that are already open
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    // memory; mmap and mprotect have rules of their own
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    // time, locks, randomness, signals' ends, leaving. getpid: OpenSSL looks whether it was forked.
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

Done allow_harmless_calls(const Filter& filter) {
  for (const int call : kHarmlessCalls) RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, call));
  return {};
}

// No memory that is executable, and no file in memory.
Done allow_plain_memory(const Filter& filter) {
  RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                       argument(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)));
  return rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

// To the connected peer only; a destination address is refused.
Done allow_connected_sockets(const Filter& filter) {
  RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), argument(4, SCMP_CMP_EQ, 0)));
  // The half-close of a port's socket.
  RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(shutdown), argument(1, SCMP_CMP_EQ, SHUT_WR)));
  // Whether the peer's kernel still answers.
  RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), argument(1, SCMP_CMP_EQ, IPPROTO_TCP),
                       argument(2, SCMP_CMP_EQ, TCP_INFO)));
  return rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), argument(1, SCMP_CMP_EQ, SOL_SOCKET),
              argument(2, SCMP_CMP_EQ, SO_ERROR));
}

// A recording is append-only by its descriptor's flag, so F_SETFL must never clear O_APPEND. We set sockets
// non-blocking with O_APPEND in the value, which means nothing on a socket. libssh's own calls, which would
// make them blocking again, are answered with success and not made.
Done allow_nonblocking_sockets(const Filter& filter) {
  const auto set_flags = argument(1, SCMP_CMP_EQ, F_SETFL);
  RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), set_flags,
                       argument(2, SCMP_CMP_EQ, O_APPEND | O_NONBLOCK)));
  RETURN_IF_ERROR(rule(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(fcntl), set_flags, argument(2, SCMP_CMP_EQ, 0)));
  return rule(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(fcntl), set_flags, argument(2, SCMP_CMP_EQ, O_NONBLOCK));
}

// One epoll instance with its timer, made before, over sockets that Asio sets non-blocking in its own way. No
// recording is among this worker's descriptors, so FIONBIO has nothing to spoil.
Done allow_event_loop(const Filter& filter) {
  for (const int call :
       {SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(timerfd_settime)})
    RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, call));
  return rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), argument(1, SCMP_CMP_EQ, FIONBIO));
}

// The clock of limit_work(); no other of the process's timers.
Done allow_work_limit(const Filter& filter) {
  return rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(setitimer), argument(0, SCMP_CMP_EQ, ITIMER_PROF));
}

// Never part of what a site runs: what the sanitizers' runtime needs to print a report and leave.
Done allow_sanitizer_runtime([[maybe_unused]] const Filter& filter) {
#if defined(__SANITIZE_ADDRESS__)
  for (const int call :
       {SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(newfstatat), SCMP_SYS(fstat),
        SCMP_SYS(lseek), SCMP_SYS(gettid), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(prlimit64),
        SCMP_SYS(getrlimit), SCMP_SYS(sysinfo), SCMP_SYS(tgkill), SCMP_SYS(sched_yield),
        SCMP_SYS(sched_getaffinity), SCMP_SYS(pipe2)})  // UBSan asks so whether an object can be read
    RETURN_IF_ERROR(rule(filter, SCMP_ACT_ALLOW, call));
  // "Is the report's reader a terminal?"
  return rule(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), argument(1, SCMP_CMP_EQ, TCGETS));
#else
  return {};
#endif
}

}  // namespace

Done load_seccomp_filter(WorkerKind kind) {
  const Filter filter{seccomp_init(SCMP_ACT_KILL_PROCESS)};
  if (!filter) return fail("making a seccomp filter");
  RETURN_IF_ERROR(allow_harmless_calls(filter));
  RETURN_IF_ERROR(allow_plain_memory(filter));
  RETURN_IF_ERROR(allow_connected_sockets(filter));
  RETURN_IF_ERROR(allow_nonblocking_sockets(filter));
  RETURN_IF_ERROR(allow_work_limit(filter));
  if (kind == WorkerKind::https) RETURN_IF_ERROR(allow_event_loop(filter));
  RETURN_IF_ERROR(allow_sanitizer_runtime(filter));
  return checked(seccomp_load(filter.get()), "loading the seccomp filter");
}

}  // namespace sallyport
