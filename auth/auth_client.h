// AuthHelper: the monitor's end of one login's helper process. Runs in: sallyportd (privileged).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>

#include "auth/helper_message.h"
#include "base/result.h"
#include "gateway/wire/channel.h"

namespace sallyport {

// One helper serves one connection's logins. PAM modules are other people's code: one that crashes or hangs
// costs this process and this login.
class AuthHelper {
 public:
  // Starts `program` with its channel as descriptor 3, our standard error, nothing else of ours: no other
  // descriptor, no environment but PATH and LANG, no blocked signal, a process group of its own. It kills
  // itself when one question takes longer than `deadline`.
  static Result<AuthHelper> start(const std::filesystem::path& program,
                                  std::chrono::seconds deadline = std::chrono::seconds{30});

  AuthHelper(AuthHelper&& other) noexcept;
  AuthHelper& operator=(AuthHelper&& other) noexcept;
  AuthHelper(const AuthHelper&) = delete;
  AuthHelper& operator=(const AuthHelper&) = delete;
  // Kills the helper and its process group. (A program that a module put into a session of its own, as
  // pam_exec does, is not in it; it lives on without a channel.) The destructor does not wait: the owner
  // takes pid() before, and reaps it after. In this order only; once reaped, the number may belong to someone
  // else.
  ~AuthHelper();

  // For the event loop: readable when an answer or the end of the helper is there.
  int fd() const noexcept { return channel_.fd(); }
  pid_t pid() const noexcept { return pid_; }

  // Neither of them waits. The helper answers in the order of the questions.
  Done send(const HelperAsk& ask) const;
  // Error with code EAGAIN: nothing yet. Any other error: the helper is gone or talks nonsense; destroy it
  // and count what it was asked as CheckVerdict::bad.
  Result<HelperAnswer> receive() const;

 private:
  AuthHelper(Channel channel, pid_t pid) : channel_(std::move(channel)), pid_(pid) {}
  void kill_group() noexcept;
  Channel channel_;
  pid_t pid_ = -1;
};

}  // namespace sallyport
