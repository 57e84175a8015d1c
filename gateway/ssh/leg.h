// Leg: one SSH session on one socket, driven without blocking. A connection through the gate has two.
// Runs in: sallyport-ssh.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "gateway/ssh/big_reads.h"
#include "gateway/ssh/handles.h"
#include "gateway/worker/monitor_client.h"

namespace sallyport {

class Leg {
 public:
  // `session` has its socket and is in non-blocking mode.
  explicit Leg(SshSession session) : session_(std::move(session)) {}
  Leg(Leg&&) = default;
  Leg& operator=(Leg&&) = default;
  ~Leg();

  ssh_session get() const noexcept { return session_.get(); }
  // Takes what the socket has and gives what it will take. Callbacks run in here. Only once libssh has begun
  // the key exchange; until then its own functions drive the session.
  void turn();
  // False once libssh has given the session up, or the peer makes libssh answer and reads none of it. Ask
  // after every turn: after a rejected packet libssh's loop reports nothing.
  bool alive() const;
  // Whether libssh holds nothing that the socket has not taken. Writing to a channel only then bounds its
  // buffer, which libssh does not.
  bool flushed() const;
  // Turns in a row in which something came while the socket did not take what libssh holds.
  int unread_turns() const noexcept { return unread_turns_; }
  // How often something came so far; each time at most the 4 KiB that libssh reads at once.
  int rounds() const noexcept { return rounds_; }
  // How many packets came so far. libssh takes them in, and runs callbacks, in almost every function of its.
  std::uint64_t packets() const noexcept { return counted_ ? counted_->in_packets : 0; }
  // What to poll() the socket for.
  short wanted_events() const;
  int fd() const;
  // Turns until libssh holds nothing more or the deadline has passed.
  void flush_until(BootTime deadline, const Clock& clock);
  // Gives the peer until the deadline to read what it was told and to leave by itself: a client that meets a
  // disconnect first throws away what it has not shown yet.
  void linger_until(BootTime deadline, const Clock& clock);
  // Says why, as far as the socket takes it before the deadline, and closes it.
  void disconnect(const std::string& sentence, BootTime deadline, const Clock& clock);
  // Why the session died: the peer left (a disconnect, the end of its socket), or broke the protocol.
  bool left_politely() const;
  // The peer took its leave as a client does that its user has closed; error() has nothing to add to that.
  bool said_goodbye() const;
  std::string error() const;

 private:
  // Waits for the socket, at most until the deadline, and turns. False when there is no time left.
  bool wait_until(BootTime deadline, const Clock& clock);
  bool answers_unread() const noexcept;

  std::unique_ptr<ssh_counter_struct> counted_;  // by libssh, so at an address that stays
  SshSession session_;
  std::optional<BigReads> reads_;  // from the first turn on
  SshEvent event_;
  int rounds_ = 0;  // stops at INT_MAX
  int unread_turns_ = 0;
  int unread_rounds_ = 0;  // the same in rounds of libssh's loop
};

// Sleeps until a leg, the monitor or one of `others` has something or `most` has passed, then lets legs and
// monitor. An Error when the monitor has ended the session; its sentence is in monitor.end() too, and no leg
// has been turned.
Done wait_a_turn(MonitorClient& monitor, std::initializer_list<Leg*> legs, std::chrono::milliseconds most,
                 std::vector<pollfd> others = {});

}  // namespace sallyport
