// TargetSide: the gate as the target's SSH client, up to the moment when the target lets it in.
// Runs in: sallyport-ssh.
#pragma once

#include "gateway/ssh/leg.h"
#include "gateway/ssh/rep_side.h"

namespace sallyport {

// What went wrong on the target's side, for the monitor and for the rep.
struct TargetFailure {
  TargetFault fault = TargetFault::protocol;
  std::string detail;
  bool rep_left = false;  // not the target's fault after all
};
template <class T>
using TargetResult = tl::expected<T, TargetFailure>;

class TargetSide {
 public:
  // Key exchange, and the host key compared with the pinned ones: before that no byte of a credential leaves.
  static TargetResult<TargetSide> connect(GrantedTarget&& granted, MonitorClient& monitor, RepSide& rep,
                                          const Clock& clock);
  // By the stored credential, or by relaying the target's prompts to the rep.
  TargetResult<void> log_in();

  Leg& leg() noexcept { return leg_; }

 private:
  TargetSide(SshSession session, TargetSocket facts, MonitorClient& monitor, RepSide& rep,
             const Clock& clock);
  TargetResult<void> exchange_keys();
  TargetResult<void> verify_host_key() const;
  TargetResult<int> learn_methods();
  TargetResult<int> by_key();
  TargetResult<int> by_password(const Secret& password);
  TargetResult<int> by_stored_password(int methods);
  TargetResult<int> by_prompts(int methods);
  // One attempt of keyboard-interactive; `stored` answers a single prompt without echo, null relays.
  TargetResult<int> converse(const Secret* stored);
  TargetResult<std::vector<Secret>> relay_round();
  TargetResult<std::vector<Secret>> ask_rep(const Round& round);
  // How long to wait for the target's verdict on a login.
  BootTime verdict_deadline(bool by_person) const;
  // Repeats `step` while libssh says "again".
  template <class Step>
  TargetResult<int> until_decided(Step step, int again, BootTime deadline);

  Leg leg_;
  TargetSocket facts_;
  MonitorClient* monitor_;
  RepSide* rep_;
  const Clock* clock_;
  BootTime deadline_;   // for all that no person has a part in
  bool asked_ = false;  // the rep, in this attempt at the target
};

}  // namespace sallyport
