// RepSide: the gate as the rep's SSH server, up to the moment when the rep is let in. Runs in: sallyport-ssh.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "gateway/ssh/leg.h"

namespace sallyport {

struct Prompt {
  std::string text;
  bool echo = false;
};
// One round of a keyboard-interactive dialogue (RFC 4256 section 3.2).
struct Round {
  std::string name, instruction;
  std::vector<Prompt> prompts;
};

// The code of the Error of ask() when the rep began another attempt instead of answering.
inline constexpr int kAbandoned = ECANCELED;

class RepSide {
 public:
  // Key exchange. The socket is non-blocking.
  static Result<RepSide> greet(UniqueFd socket, const Begin& begin, MonitorClient& monitor);

  // Waits for the rep to begin a keyboard-interactive attempt and returns the user name it gives. Whatever
  // else the rep tries is answered with "keyboard-interactive only".
  Result<std::string> await_attempt();
  // One round within the attempt: as many answers as prompts.
  Result<std::vector<Secret>> ask(const Round& round);
  // Ends the attempt.
  Done admit();
  Done reject();

  // Until it is let in a rep gets little, so that its socket always takes it, and has little to say. An Error
  // when it does not read, or says much.
  Done check_its_manners() const;

  // The next message that libssh could not answer by itself, or null when there is none yet.
  SshMessage next_message();
  Leg& leg() noexcept { return leg_; }

 private:
  RepSide(SshSession session, const Begin& begin, MonitorClient& monitor);
  Done exchange_keys();
  Result<SshMessage> await_message();
  // The next authentication message; services are answered on the way.
  Result<SshMessage> await_login_message();
  Done answer_service(ssh_message message);

  Leg leg_;
  MonitorClient* monitor_;
  std::string banner_;
  SshMessage attempt_;    // the message to which the next round or verdict is the reply
  SshMessage postponed_;  // a new attempt that came instead of an answer
  int messages_left_;     // before login; libssh sets no limit
};

}  // namespace sallyport
