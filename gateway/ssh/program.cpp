// Runs in: sallyport-ssh.
#include "gateway/ssh/program.h"

#include <algorithm>

#include "gateway/ssh/last_words.h"

namespace sallyport {

namespace {

constexpr std::size_t kVariables = 32, kVariableBytes = 4096;
// How long a target may take to tell how a program ended whose client has closed its channel.
constexpr std::chrono::seconds kExitPatience{1};
// And to open a channel and to start the program on it: what every other step of a target's may take.
constexpr std::chrono::seconds kStartPatience{8};
constexpr int kRefusedStatus = 255;  // what ssh(1) itself returns for an error

}  // namespace

Program::Program(ssh_channel rep_channel, Leg& rep, Leg& target, MonitorClient& monitor, const Clock& clock)
    : RepChannel(rep, monitor, clock), target_(&target) {
  set_up_callbacks();
  adopt(rep_channel);
}

Program::~Program() {
  if (twin_ == nullptr) return;
  ssh_remove_channel_callbacks(twin_, &target_callbacks_);
  ssh_channel_free(twin_);
}

std::optional<Ending> Program::fault() const {
  if (recording_failure_)
    return Ending{Finish::recording_failed,
                  "this session cannot be recorded any more: " + recording_failure_->message()};
  if (output_.overrun() || errors_.overrun())
    return Ending{Finish::target_protocol, "the target sends beyond its window"};
  return RepChannel::fault();
}

// The callbacks only take note; everything else happens in turn(), never inside libssh.
void Program::set_up_callbacks() {
  rep_callbacks_.channel_signal_function = [](ssh_session, ssh_channel, const char* name, void* self) {
    auto& program = static_cast<Program&>(*static_cast<RepChannel*>(self));
    if (program.is_running() && !program.held() && !program.target_closed_ && is_signal_name(name))
      ssh_channel_request_send_signal(program.twin_, name);
  };

  target_callbacks_.userdata = this;
  target_callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t length,
                                               int is_errors, void* self) {
    auto& program = *static_cast<Program*>(self);
    auto& flow = is_errors != 0 ? program.errors_ : program.output_;
    return static_cast<int>(flow.arrive({static_cast<const char*>(data), length}, program.witness_output_));
  };
  target_callbacks_.channel_eof_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<Program*>(self)->output_.end();
    static_cast<Program*>(self)->errors_.end();
  };
  target_callbacks_.channel_close_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<Program*>(self)->target_closed_ = true;
    static_cast<Program*>(self)->output_.end();
    static_cast<Program*>(self)->errors_.end();
  };
  target_callbacks_.channel_exit_status_function = [](ssh_session, ssh_channel, int status, void* self) {
    static_cast<Program*>(self)->exit_status_ = status;
  };
  target_callbacks_.channel_exit_signal_function = [](ssh_session, ssh_channel, const char* name, int core,
                                                      const char* message, const char*, void* self) {
    static_cast<Program*>(self)->exit_signal_ =
        ExitSignal{name == nullptr ? "" : name, message == nullptr ? "" : message, core != 0};
  };
  ssh_callbacks_init(&target_callbacks_);
}

void Program::on_request(SshMessage message) {
  if (rep_close_sent_) return;  // no word may follow our close
  const auto what = ssh_message_subtype(message.get());
  if (what == SSH_CHANNEL_REQUEST_WINDOW_CHANGE) return resize(read_terminal(message.get()));
  if (is_running() && is_end_of_write(rep_->get(), message.get(), terminal_.has_value())) {
    wants_no_more_ = true;
    return;
  }
  auto program = read_program(message.get());
  if (program && stage_ == Stage::waiting) return start(std::move(message), *std::move(program));
  const bool taken = (what == SSH_CHANNEL_REQUEST_PTY && collect_terminal(message.get())) ||
                     (what == SSH_CHANNEL_REQUEST_ENV && collect_environment(message.get()));
  if (taken)
    ssh_message_channel_request_reply_success(message.get());
  else
    ssh_message_reply_default(message.get());  // agent, X11, a second program, and what nobody knows
}

bool Program::collect_terminal(ssh_message message) {
  if (stage_ != Stage::waiting || terminal_) return false;
  terminal_ = read_terminal(message);
  return true;
}

bool Program::collect_environment(ssh_message message) {
  auto variable = read_variable(message);
  if (stage_ != Stage::waiting || !may_set(variable.first) || environment_.size() >= kVariables) return false;
  if (variable.first.size() + variable.second.size() > kVariableBytes) return false;
  environment_.push_back(std::move(variable));
  return true;
}

void Program::resize(const Terminal& size) {
  if (!terminal_) return;
  terminal_->columns = size.columns;
  terminal_->rows = size.rows;
  resized_ = true;
  pass_size();
}

void Program::pass_size() {
  if (!resized_ || stage_ != Stage::running || target_closed_) return;  // goes out when the program runs
  const auto& size = *terminal_;
  resized_ = false;
  if (recorder_) recorder_->resize(size.columns, size.rows);
  ssh_channel_change_pty_size(twin_, static_cast<int>(size.columns), static_cast<int>(size.rows));
}

void Program::start(SshMessage message, ProgramRequest request) {
  if (request.kind == ChannelKind::subsystem && !is_known_subsystem(request.command)) {
    const std::string_view words = "sallyport: only the subsystem sftp is carried\r\n";
    ssh_channel_write_stderr(channel_, words.data(), static_cast<std::uint32_t>(words.size()));
    ssh_message_reply_default(message.get());
    return finish_refused();  // a client that asked for no reply (dbclient) would wait for ever
  }
  request_ = std::move(request);
  request_message_ = std::move(message);
  const auto shape = terminal_.value_or(Terminal{});
  auto granted = monitor_->ask_channel(
      {request_.kind, terminal_.has_value(), shape.term, shape.columns, shape.rows, request_.command});
  if (!granted) return refuse(granted.error().message());
  id_ = granted->facts.channel;
  const auto files = granted->facts.files;
  if (auto begun = begin_recording(*std::move(granted)); !begun) {
    recording_failure_ = begun.error();
    return;
  }
  if (!watch_files(files)) return;
  twin_ = ssh_channel_new(target_->get());
  if (twin_ == nullptr) return refuse("out of memory");
  // Before the channel is open, so that nothing can arrive unseen.
  ssh_set_channel_callbacks(twin_, &target_callbacks_);
  stage_ = Stage::opening;
  asked_at_ = clock_->boot();
}

Done Program::begin_recording(GrantedChannel&& granted) {
  if (!is_recorded(request_.kind, terminal_.has_value())) return {};
  const RecordingRules rules{granted.facts.recording_limit,
                             granted.facts.record_input ? RecordInput::when_echoed : RecordInput::no,
                             std::move(granted.facts.masked_after)};
  ASSIGN_OR_RETURN(auto recorder, Recorder::start(std::move(granted.recording), recorded_terminal(terminal_),
                                                  rules, *clock_));
  recorder_.emplace(std::move(recorder));
  witness_output_ = [this](std::string_view bytes) { recorder_->output(bytes); };
  witness_input_ = [this](std::string_view bytes) { recorder_->input(bytes); };
  return {};
}

// The rep's request is granted after all, so that there is a place to say why nothing runs.
void Program::refuse(const std::string& sentence) {
  if (request_message_) ssh_message_channel_request_reply_success(request_message_.get());
  request_message_.reset();
  if (twin_ != nullptr) close_target_side();
  if (!sentence.empty()) errors_.say(gate_says(sentence));
  finish_refused();
}

void Program::finish_refused() {
  stage_ = Stage::over;
  output_.end();
  errors_.end();
  target_closed_ = true;
  exit_status_ = kRefusedStatus;
}

void Program::refuse_without_twin(const std::string& sentence) {
  ssh_remove_channel_callbacks(twin_, &target_callbacks_);
  ssh_channel_free(std::exchange(twin_, nullptr));
  refuse(sentence);
}

bool Program::turn() {
  advance();
  return pump();
}

void Program::advance() {
  while (stage_ >= Stage::opening && stage_ <= Stage::program) {
    if (held() && !step_pending_) {
      asked_at_ = clock_->boot();  // the target is not asked meanwhile
      return;
    }
    const int result = step();
    // libssh waits without end, also for an answer that came and that it could not take.
    if (result == SSH_AGAIN && clock_->boot() - asked_at_ < kStartPatience) return;
    step_done(result == SSH_AGAIN ? SSH_ERROR : result);
  }
}

// A program that is quickly done: the target's yes and the channel's close may have come in one turn. So
// libssh is asked before the close counts; and nothing new is asked on a closed channel.
int Program::step() {
  if (!target_->alive() || (target_closed_ && !step_pending_)) return SSH_ERROR;
  const int result = ask_target();
  step_pending_ = result == SSH_AGAIN;
  return step_pending_ && target_closed_ ? SSH_ERROR : result;
}

int Program::ask_target() {
  switch (stage_) {
    case Stage::opening:
      return ssh_channel_open_session(twin_);
    case Stage::terminal:
      if (!terminal_) return SSH_OK;
#if LIBSSH_VERSION_INT >= SSH_VERSION_INT(0, 11, 0)
      // The plain function would read the modes of a terminal of our own, which we have not. 0: no modes.
      return ssh_channel_request_pty_size_modes(
          twin_, terminal_->term.c_str(), static_cast<int>(terminal_->columns),
          static_cast<int>(terminal_->rows), reinterpret_cast<const unsigned char*>(""), 1);
#else
      return ssh_channel_request_pty_size(twin_, terminal_->term.c_str(),
                                          static_cast<int>(terminal_->columns),
                                          static_cast<int>(terminal_->rows));
#endif
    case Stage::environment:
      if (environment_.empty()) return SSH_OK;
      return ssh_channel_request_env(twin_, environment_.back().first.c_str(),
                                     environment_.back().second.c_str());
    case Stage::program:
      switch (request_.kind) {
        case ChannelKind::shell:
          return ssh_channel_request_shell(twin_);
        case ChannelKind::exec:
          return ssh_channel_request_exec(twin_, request_.command.c_str());
        case ChannelKind::subsystem:
          return ssh_channel_request_subsystem(twin_, request_.command.c_str());
        case ChannelKind::requests:  // the HTTPS door's
          break;
      }
      return SSH_ERROR;
    case Stage::waiting:
    case Stage::running:
    case Stage::over:
      return SSH_AGAIN;
  }
  return SSH_ERROR;
}

void Program::step_done(int result) {
  const bool good = result == SSH_OK;
  switch (stage_) {
    case Stage::opening:
      if (!good) return refuse_without_twin("the target opens no channel");
      stage_ = Stage::terminal;
      return;
    case Stage::terminal:
      if (!good) return refuse("the target gives no terminal");
      stage_ = Stage::environment;
      return;
    case Stage::environment:
      // A target that takes no variables refuses each of them; that stops nothing.
      if (environment_.empty())
        stage_ = Stage::program;
      else
        environment_.pop_back();
      return;
    case Stage::program:
      if (!good) return refuse("the target does not start this program");
      ssh_message_channel_request_reply_success(request_message_.get());
      request_message_.reset();
      stage_ = Stage::running;
      pass_size();
      return;
    case Stage::waiting:
    case Stage::running:
    case Stage::over:
      return;
  }
}

bool Program::pump() {
  bool moved = false;
  moved |= to_target_.refill(channel_, witness_input_);
  if (twin_ != nullptr && target_->alive()) {
    moved |= output_.refill(twin_, witness_output_);
    moved |= errors_.refill(twin_, witness_output_);
    if (stage_ == Stage::running && !held()) moved |= to_target_.drain(*target_, twin_);
  }
  if (wants_no_more_ && !unread_ && stage_ == Stage::running && !held()) stop_reading();
  tend_files();
  // I6: nothing is shown that was not at least handed to write(2).
  if (!record() && stage_ != Stage::over) return false;
  moved |= output_.drain(*rep_, channel_);
  if (output_.drained()) moved |= errors_.drain(*rep_, channel_);
  pass_exit();
  pass_ends();
  return moved;
}

bool Program::record() {
  if (!recorder_ || recording_failure_) return !recording_failure_;
  const bool last = output_.finished() && errors_.finished();
  if (auto kept = last ? recorder_->finish() : recorder_->flush(); !kept) {
    recording_failure_ = kept.error();
    output_.discard();
    errors_.discard();
  }
  return !recording_failure_;
}

void Program::pass_exit() {
  if (exit_sent_ || rep_close_sent_ || !output_.drained() || !errors_.drained()) return;
  if (exit_signal_) {
    ssh_channel_request_send_exit_signal(channel_, exit_signal_->name.c_str(), exit_signal_->core ? 1 : 0,
                                         exit_signal_->message.c_str(), "");
  } else if (exit_status_) {
    ssh_channel_request_send_exit_status(channel_, *exit_status_);
  } else {
    return;
  }
  exit_sent_ = true;
}

// The program is to get a SIGPIPE, as without a gate. libssh cannot pass the word on, but when its channel
// closes the target closes the program's output too; what became of the program is then not told any more.
void Program::stop_reading() {
  unread_ = true;
  to_target_.discard();
  output_.discard();
  output_.lose_source();
  errors_.lose_source();
  if (!exit_status_ && !exit_signal_) exit_signal_ = ExitSignal{"PIPE", "", false};
  close_target_side();
}

// Half-closes in both directions, then the closes.
void Program::pass_ends() {
  follow_rep();
  if (rep_closed_) errors_.discard();
  if (stage_ == Stage::over) to_target_.discard();
  if (stage_ == Stage::running && !held() && !target_close_sent_ && to_target_.finished())
    ssh_channel_send_eof(twin_);
  const bool all_shown = output_.finished() && errors_.finished();
  if (all_shown && !rep_close_sent_) ssh_channel_send_eof(channel_);
  if (((target_closed_ || unread_) && all_shown) || (rep_closed_ && stage_ == Stage::waiting))
    close_rep_side();
  if (rep_closed_ && !is_exit_awaited()) close_rep_side();
  // Not before the last byte is fetched: libssh reads nothing from a channel that we have closed.
  const bool all_fetched = output_.drained() && errors_.drained();
  const bool target_done =
      (target_closed_ && all_fetched) || (rep_closed_ && !held() && to_target_.drained());
  if (stage_ == Stage::running && target_done) close_target_side();
}

// A client may close first and still want to know how its program ended: scp over a shared connection does.
bool Program::is_exit_awaited() const {
  return stage_ == Stage::running && !exit_sent_ && !target_closed_ && target_->alive() &&
         !has_been_closed_for(kExitPatience);
}

void Program::close_target_side() {
  if (twin_ == nullptr || target_close_sent_) return;
  close_channel(twin_);
  target_close_sent_ = true;
}

bool Program::done() const noexcept {
  const bool target_done = twin_ == nullptr || !target_->alive() ||
                           (target_closed_ && (target_close_sent_ || stage_ == Stage::over));
  return rep_done() && target_done && stage_ != Stage::opening;
}

void Program::say(const std::string& sentence) {
  errors_.say(gate_says(sentence));
  if (recorder_) recorder_->marker(sentence);
}

void Program::end(const std::string& sentence) {
  to_target_.discard();
  output_.lose_source();
  errors_.lose_source();
  target_closed_ = true;  // its connection is about to be closed as a whole
  stage_ = Stage::over;
  if (rep_close_sent_) return;
  if (request_message_) ssh_message_channel_request_reply_success(request_message_.get());
  request_message_.reset();
  if (!sentence.empty()) say(sentence);
  if (!exit_sent_) exit_status_ = kRefusedStatus, exit_signal_.reset();
}

}  // namespace sallyport
