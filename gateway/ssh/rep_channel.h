// RepChannel: one channel of the rep's, whatever it leads to: a program at the target (program.h) or one of
// the target's ports (direct.h). Runs in: sallyport-ssh.
#pragma once

#include <libssh/callbacks.h>
#include <poll.h>

#include <optional>
#include <string>

#include "gateway/ssh/flow.h"

namespace sallyport {

// Why a session is over.
struct Ending {
  Finish why = Finish::rep_left;
  std::string sentence;  // for the rep; empty when it left by itself
};

class RepChannel {
 public:
  RepChannel(Leg& rep, MonitorClient& monitor, const Clock& clock)
      : rep_(&rep), monitor_(&monitor), clock_(&clock) {}
  RepChannel(const RepChannel&) = delete;  // libssh's callbacks hold its address
  RepChannel& operator=(const RepChannel&) = delete;
  virtual ~RepChannel();

  bool is(ssh_channel channel) const noexcept { return channel_ != nullptr && channel == channel_; }
  // Answers the rep's request, now or later.
  virtual void on_request(SshMessage message) = 0;
  // Does what can be done now. True when something moved: then there may be more to do at once.
  virtual bool turn() = 0;
  // What else than the two legs and the monitor can move it; a negative descriptor when there is nothing.
  virtual pollfd awaits() const { return {-1, 0, 0}; }
  // Closed on all sides.
  virtual bool done() const noexcept = 0;

  // No more from the target: what has come is shown to a person, then the sentence; then the channel is
  // closed.
  virtual void end(const std::string& sentence) = 0;
  // The rep has been told all and its channel closed from our side.
  bool told() const noexcept { return channel_ == nullptr || rep_close_sent_; }
  // What must end the whole session.
  virtual std::optional<Ending> fault() const;

  // A place where the rep can be told why the session ends.
  virtual bool has_words() const noexcept { return false; }
  // A person is at it: whoever is recorded is told so, and warned before the end.
  virtual bool has_recording() const noexcept { return false; }
  virtual bool is_running() const noexcept { return false; }
  // The gate's own words to the rep.
  virtual void say(const std::string&) {}

  // What to tell the monitor when the channel is over; nothing if it was never granted.
  virtual std::optional<TellChannelClosed> account();
  std::uint64_t to_target() const noexcept { return to_target_.passed(); }
  virtual std::uint64_t from_target() const noexcept { return output_.passed(); }

 protected:
  // From here on libssh's channel, which has just been accepted, is ours.
  void adopt(ssh_channel channel);
  bool rep_done() const noexcept {
    return channel_ == nullptr || (rep_closed_ && rep_close_sent_) || !rep_->alive();
  }
  // The session is paused: neither bytes nor an EOF, a close, a signal or a new program go to the target.
  bool held() const noexcept { return monitor_->holds_rep(); }
  // The rep has closed: nobody reads any more, and the target has a while to take what the rep left behind.
  void follow_rep();
  bool has_been_closed_for(std::chrono::seconds time) const {
    return followed_at_ && clock_->boot() >= *followed_at_ + time;
  }
  void close_rep_side();

  ssh_channel channel_ = nullptr;
  Leg* rep_;
  MonitorClient* monitor_;
  const Clock* clock_;
  ssh_channel_callbacks_struct rep_callbacks_{};  // with this RepChannel as userdata
  std::optional<std::uint32_t> id_;               // the monitor's number
  std::optional<int> exit_status_;
  Flow to_target_{Stream::data}, output_{Stream::data};
  Flow::Witness witness_input_;
  bool rep_closed_ = false, rep_close_sent_ = false;

 private:
  std::optional<BootTime> followed_at_;  // when the rep's close was seen
};

// Refuses a channel that the rep wants to open. libssh sends no reason with that, so the sentence goes ahead
// of it as a debug message (RFC 4253, section 11.3), which ssh -v shows.
void refuse_open(Leg& rep, ssh_message open, const std::string& sentence);

// EOF, then the close. libssh stops after the EOF when the socket is full; the second call sends the close
// itself.
void close_channel(ssh_channel channel);

}  // namespace sallyport
