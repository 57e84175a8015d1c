// Program: one channel of the rep's and its twin at the target, from the first request to the last byte.
// Runs in: sallyport-ssh.
#pragma once

#include <vector>

#include "gateway/ssh/file_watch.h"
#include "gateway/ssh/program_request.h"
#include "gateway/worker/recorder.h"
#include "gateway/ssh/rep_channel.h"

namespace sallyport {

class Program final : public RepChannel {
 public:
  // `rep_channel` has just been accepted. The legs outlive the program.
  Program(ssh_channel rep_channel, Leg& rep, Leg& target, MonitorClient& monitor, const Clock& clock);
  ~Program() override;

  // The request that starts the program is answered when the target has answered it.
  void on_request(SshMessage message) override;
  bool turn() override;
  // Both channels are closed, on both sides.
  bool done() const noexcept override;

  bool has_words() const noexcept override { return true; }
  bool has_recording() const noexcept override { return recorder_.has_value(); }
  bool is_running() const noexcept override { return stage_ == Stage::running; }
  // Outside of the program's output; in the recording a marker.
  void say(const std::string& sentence) override;
  void end(const std::string& sentence) override;
  std::uint64_t from_target() const noexcept override { return output_.passed() + errors_.passed(); }
  // With what it carried of files, which the monitor is told first.
  std::optional<TellChannelClosed> account() override;
  // I6: also when the recording could not be written.
  std::optional<Ending> fault() const override;

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
  void finish_refused();
  void refuse_files(const FileRefusal& refusal);
  bool watch_files(FilesAllowed allowed);
  void tend_files();
  void refuse_without_twin(const std::string& sentence);
  void advance();
  int step();
  int ask_target();
  void step_done(int result);
  bool pump();
  bool record();
  void stop_reading();
  void pass_exit();
  void pass_ends();
  bool is_exit_awaited() const;
  void close_target_side();

  ssh_channel twin_ = nullptr;
  Leg* target_;
  ssh_channel_callbacks_struct target_callbacks_{};

  Stage stage_ = Stage::waiting;
  std::optional<Terminal> terminal_;
  bool resized_ = false;  // and not passed on yet
  std::vector<std::pair<std::string, std::string>> environment_;
  ProgramRequest request_;
  SshMessage request_message_;
  std::optional<Recorder> recorder_;
  std::optional<Error> recording_failure_;
  Flow::Witness witness_output_;
  std::optional<FileWatch> files_;

  Flow errors_{Stream::errors};
  struct ExitSignal {
    std::string name, message;
    bool core = false;
  };
  std::optional<ExitSignal> exit_signal_;
  bool exit_sent_ = false;
  bool target_closed_ = false, target_close_sent_ = false;
  bool wants_no_more_ = false;  // the rep has said that it reads no more
  bool unread_ = false;         // and so the target has been told
  BootTime asked_at_{};         // of the target, to start the program
  bool step_pending_ = false;   // libssh waits for the target to answer this step
};

}  // namespace sallyport
