// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/worker_process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sallyport {

namespace {

constexpr int kChannelDescriptor = 3;  // what the worker finds its channel at

// For the worker's C library. It copies 8 KiB and more with "rep movsb", which AMD's processors do at a third
// of their speed whenever the two places lie badly to each other within a page, as those of libssh's copies
// of a packet do. glibc 2.39 knows that; earlier ones are told never to do it.
constexpr const char* kTunables = "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824";

// A worker sees no process but itself. No other namespace would keep anything from it: it has an empty root,
// no capability, and a filter without any call that reaches files, mounts, new sockets, host names or System
// V's objects. (A network namespace would cost milliseconds a login.) So the unit can forbid the monitor,
// too, to make any other.
constexpr int kNamespaces = CLONE_NEWPID;

// The child between clone and exec: system calls only, no allocation, no return.
[[noreturn]] void become_worker(int channel, const char* program, char* const* arguments) {
  static constexpr int kExecFailed = 127;
  std::array<char*, 3> environment{const_cast<char*>("LANG=C.UTF-8"), const_cast<char*>(kTunables), nullptr};
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // the worker sets it again: changing its user id clears it
  if (channel == kChannelDescriptor ? fcntl(channel, F_SETFD, 0) != 0 : dup2(channel, kChannelDescriptor) < 0)
    _exit(kExecFailed);
  syscall(SYS_close_range, kChannelDescriptor + 1, ~0U, 0U);
  execve(program, arguments, environment.data());
  _exit(kExecFailed);
}

struct Cloned {
  pid_t pid;
  UniqueFd pidfd;
};

// clone(2) and not clone3(2): a service manager that restricts namespaces (RestrictNamespaces=) can look into
// the arguments of the former only, and refuses the latter altogether.
Result<Cloned> clone_process() {
  int pidfd = -1;
  const auto flags = static_cast<unsigned long>(kNamespaces | CLONE_PIDFD | SIGCHLD);
#if defined(__s390__)  // there the stack comes first
  const auto pid = syscall(SYS_clone, nullptr, flags, &pidfd, nullptr, nullptr);
#else
  const auto pid = syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, nullptr);
#endif
  if (pid < 0) return fail_errno("starting a worker process");
  return Cloned{static_cast<pid_t>(pid), UniqueFd{pid == 0 ? -1 : pidfd}};
}

}  // namespace

Result<WorkerProcess> WorkerProcess::start(const WorkerProgram& program, Incarnation incarnation) {
  ASSIGN_OR_RETURN(auto ends, Channel::make_pair());
  // Everything the child needs is made before the clone, so that it need not allocate.
  std::string name = program.program.filename(), number = std::to_string(incarnation), user = program.user,
              root = program.empty_root;
  std::array<char*, 5> arguments{name.data(), number.data(), user.data(), root.data(), nullptr};
  // A worker that does not read must not make the monitor wait.
  if (fcntl(ends.first.fd(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("making a worker's channel");
  ASSIGN_OR_RETURN(auto cloned, clone_process());
  if (cloned.pid == 0) become_worker(ends.second.fd(), program.program.c_str(), arguments.data());
  return WorkerProcess{cloned.pid, std::move(cloned.pidfd), std::move(ends.first)};
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)) {}

void WorkerProcess::kill() noexcept { syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0U); }

WorkerProcess::~WorkerProcess() {
  if (pid_ < 0) return;
  kill();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace sallyport
