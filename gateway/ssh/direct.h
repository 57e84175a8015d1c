// Direct: a direct-tcpip channel of the rep's (RFC 4254, section 7.2) and the socket to the port that it
// leads to. The monitor decides, dials and hands the socket over. Runs in: sallyport-ssh.
#pragma once

#include "gateway/ssh/rep_channel.h"

namespace sallyport {

class Direct final : public RepChannel {
 public:
  // `open` is the rep's wish, answered when the monitor has answered ours.
  Direct(SshMessage open, Leg& rep, MonitorClient& monitor, const Clock& clock);

  void on_request(SshMessage message) override;
  bool turn() override;
  pollfd awaits() const override;
  bool done() const noexcept override;
  void end(const std::string& sentence) override;

 private:
  void take_answer();
  void refuse(const std::string& sentence);
  bool pump();
  void pass_ends();

  SshMessage open_;  // while it waits for the answer
  std::uint32_t token_ = 0;
  UniqueFd socket_;  // non-blocking; the monitor keeps a copy, with which it can cut us off
  bool target_eof_sent_ = false;
};

}  // namespace sallyport
