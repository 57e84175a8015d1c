// Program: one channel of the rep's and its twin at the target, from the first request to the last byte.
// Runs in: sallyport-ssh.
#pragma once

#include <libssh/callbacks.h>

#include <optional>
#include <string>
#include <vector>

#include "gateway/ssh/flow.h"
#include "gateway/ssh/program_request.h"
#include "gateway/ssh/recorder.h"

namespace sallyport {

class Program {
 public:
  // `rep_channel` has just been accepted. The legs outlive the program.
  Program(ssh_channel rep_channel, Leg& rep, Leg& target, MonitorClient& monitor, const Clock& clock);
  Program(const Program&) = delete;  // libssh's callbacks hold its address
  Program& operator=(const Program&) = delete;
  ~Program();

  bool is(ssh_channel rep_channel) const noexcept { return rep_channel == rep_channel_; }
  // Answers the rep's request; the one that starts the program is answered when the target has answered it.
  void on_request(SshMessage message);
  // Does what can be done now. True when something moved: then there may be more to do at once.
  bool turn();
  // Both channels are closed, on both sides.
  bool done() const noexcept;

  // A person is at it: whoever is recorded is told so, and warned before the end.
  bool has_recording() const noexcept { return recorder_.has_value(); }
  bool is_running() const noexcept { return stage_ == Stage::running; }
  // The gate's own words to the rep, outside of the program's output; in the recording a marker.
  void say(const std::string& sentence);
  // No more from the target: what has come is shown, then the sentence, then the channel is closed.
  void end(const std::string& sentence);
  // The rep has been told all and its channel closed from our side.
  bool told() const noexcept { return rep_close_sent_; }

  // What to tell the monitor when the program is over; nothing if it was never granted.
  std::optional<TellChannelClosed> account() const;
  std::uint64_t to_target() const noexcept { return to_target_.passed(); }
  std::uint64_t from_target() const noexcept { return output_.passed() + errors_.passed(); }
  // I6: set when the recording could not be written; the session must end.
  const std::optional<Error>& recording_failure() const noexcept { return recording_failure_; }
  bool rep_overrun() const noexcept { return to_target_.overrun(); }
  bool target_overrun() const noexcept { return output_.overrun() || errors_.overrun(); }

 private:
  enum class Stage { waiting, opening, terminal, environment, program, running, over };

  void set_up_callbacks();
  bool collect_environment(ssh_message message);
  bool collect_terminal(ssh_message message);
  void resize(const Terminal& size);
  void pass_size();
  void start(SshMessage message, ProgramRequest request);
  Done begin_recording(GrantedChannel&& granted);
  void refuse(const std::string& sentence);
  void refuse_without_twin(const std::string& sentence);
  void advance();
  int step();
  int ask_target();
  void step_done(int result);
  bool pump();
  bool record();
  void pass_exit();
  void pass_ends();
  void close_rep_side();
  void close_target_side();

  ssh_channel rep_channel_;
  ssh_channel twin_ = nullptr;
  Leg* rep_;
  Leg* target_;
  MonitorClient* monitor_;
  const Clock* clock_;
  ssh_channel_callbacks_struct rep_callbacks_{}, target_callbacks_{};

  Stage stage_ = Stage::waiting;
  std::optional<Terminal> terminal_;
  bool resized_ = false;  // and not passed on yet
  std::vector<std::pair<std::string, std::string>> environment_;
  ProgramRequest request_;
  SshMessage request_message_;
  std::optional<std::uint32_t> id_;  // the monitor's number
  std::optional<Recorder> recorder_;
  std::optional<Error> recording_failure_;
  Flow::Witness witness_output_, witness_input_;

  Flow to_target_{Stream::data}, output_{Stream::data}, errors_{Stream::errors};
  struct ExitSignal {
    std::string name, message;
    bool core = false;
  };
  std::optional<int> exit_status_;
  std::optional<ExitSignal> exit_signal_;
  bool exit_sent_ = false;
  bool rep_closed_ = false, rep_close_sent_ = false;
  std::optional<BootTime> give_up_target_;  // when what the rep left for the target is thrown away
  bool target_closed_ = false, target_close_sent_ = false;
  bool step_pending_ = false;  // libssh waits for the target to answer this step
};

}  // namespace sallyport
