// Runs in: sallyport-send.
#include "gateway/send/supervisor.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "base/log.h"

namespace sallyport {

namespace {

constexpr timespec kBetweenStarts{1, 0};
constexpr timespec kToEnd{8, 0};

sigset_t our_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, number);
  return signals;
}

class Supervisor {
 public:
  explicit Supervisor(const std::vector<Task>& tasks) : tasks_(tasks), signals_(our_signals()) {}

  Done run() {
    if (sigprocmask(SIG_BLOCK, &signals_, nullptr) != 0) return fail_errno("blocking signals");
    for (const auto& task : tasks_) RETURN_IF_ERROR(start(task));
    while (!stopped_) {
      siginfo_t signal{};
      if (sigwaitinfo(&signals_, &signal) < 0) continue;
      if (signal.si_signo == SIGCHLD)
        RETURN_IF_ERROR(replace_the_dead());
      else
        stopped_ = true;
    }
    end_all();
    return {};
  }

 private:
  Done start(const Task& task) {
    const auto parent = getpid();
    const auto child = fork();
    if (child < 0) return fail_errno("starting a process for {}", task.name);
    if (child == 0) {
      // Its signals stay blocked: it takes them as a descriptor.
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(0);
      const auto done = task.run();
      if (!done) log_error("{}: {}", task.name, done.error().message());
      _exit(done ? 0 : 1);
    }
    running_.emplace(child, &task);
    return {};
  }

  Done replace_the_dead() {
    std::vector<const Task*> dead;
    for (pid_t child = 0; (child = waitpid(-1, nullptr, WNOHANG)) > 0;)
      if (auto found = running_.extract(child)) dead.push_back(found.mapped());
    if (dead.empty()) return {};
    for (const auto* task : dead) log_error("{}: its process died; it is started again", task->name);
    // One that dies at once costs no more than this.
    sigset_t stop = signals_;
    sigdelset(&stop, SIGCHLD);
    stopped_ = sigtimedwait(&stop, nullptr, &kBetweenStarts) > 0;
    if (stopped_) return {};
    for (const auto* task : dead) RETURN_IF_ERROR(start(*task));
    return {};
  }

  void end_all() {
    for (const auto& [child, task] : running_) kill(child, SIGTERM);
    while (!running_.empty()) {
      while (!running_.empty() && sigtimedwait(&signals_, nullptr, &kToEnd) < 0 && errno == EINTR) {
      }
      bool any = false;
      for (pid_t child = 0; (child = waitpid(-1, nullptr, WNOHANG)) > 0; any = true) running_.erase(child);
      if (any) continue;
      for (const auto& [child, task] : running_) kill(child, SIGKILL);  // a name server that does not answer
    }
  }

  const std::vector<Task>& tasks_;
  sigset_t signals_;
  std::map<pid_t, const Task*> running_;
  bool stopped_ = false;
};

}  // namespace

Done supervise(const std::vector<Task>& tasks) { return Supervisor{tasks}.run(); }

}  // namespace sallyport
