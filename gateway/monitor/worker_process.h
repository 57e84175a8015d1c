// WorkerProcess: one confined worker, from clone to reaping. It starts in namespaces of its own (processes,
// mounts, IPC, host name), so that it cannot see another worker, and confines itself further before it reads
// a byte (gateway/worker/confine.h). Destroying this kills it.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/wire/channel.h"
#include "gateway/wire/message.h"

namespace sallyport {

struct WorkerProgram {
  std::filesystem::path program;     // …/sallyport-ssh
  std::string user;                  // whom it becomes
  std::filesystem::path empty_root;  // what it sees of the file system
};

// One program for each door.
struct Workers {
  WorkerProgram ssh, https;
};

class WorkerProcess {
 public:
  static Result<WorkerProcess> start(const WorkerProgram& program, Incarnation incarnation);
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  ~WorkerProcess();  // kills and reaps

  void kill() noexcept;
  const Channel& channel() const noexcept { return channel_; }
  int pidfd() const noexcept { return pidfd_.get(); }  // readable when it has ended
  pid_t pid() const noexcept { return pid_; }

 private:
  WorkerProcess(pid_t pid, UniqueFd pidfd, Channel channel)
      : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  Channel channel_;
};

}  // namespace sallyport
