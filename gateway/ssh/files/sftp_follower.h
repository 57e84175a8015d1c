// SftpFollower: reads along on an SFTP channel (version 3, draft-ietf-secsh-filexfer-02, with OpenSSH's
// extensions), in any fragmentation of its bytes, and says what was done with which file. Where the policy
// restricts files it also holds back what is not allowed, and answers it. Pure. Runs in: sallyport-ssh.
#pragma once

#include "gateway/ssh/files/sftp_replies.h"
#include "gateway/ssh/files/sftp_requests.h"

namespace sallyport {

class SftpFollower {
 public:
  SftpFollower(FilesAllowed allowed, FileReport report)
      : state_(allowed, std::move(report)),
        requests_(state_),
        replies_(state_),
        from_rep_(requests_),
        from_target_(replies_) {}
  SftpFollower(const SftpFollower&) = delete;  // its parts know each other
  SftpFollower& operator=(const SftpFollower&) = delete;

  // Whether the bytes are replaced; if not, they go on as they are.
  bool edits() const noexcept { return state_.restricts(); }
  // Bytes of one side as they come, before they go on. An error: they cannot be told apart any more. When it
  // edits, what goes on instead waits in to_target() and to_rep(), after each call of either.
  Done from_rep(std::string_view bytes) { return from_rep_.feed(bytes); }
  Done from_target(std::string_view bytes) { return from_target_.feed(bytes); }
  std::string to_target() { return requests_.take_onward(); }
  std::string to_rep() {
    auto bytes = replies_.take_onward();
    // Never into the middle of an answer.
    if (from_target_.is_between_packets()) bytes += state_.take_refusals();
    return bytes;
  }
  // The channel is over: files that are still open are reported as they are.
  void finish() { state_.close_all(); }

 private:
  SftpState state_;
  SftpRequests requests_;
  SftpReplies replies_;
  PacketCutter from_rep_, from_target_;
};

}  // namespace sallyport
