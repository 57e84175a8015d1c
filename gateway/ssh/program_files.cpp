// A program's files: which may pass, and which passed. Runs in: sallyport-ssh.
#include "gateway/ssh/last_words.h"
#include "gateway/ssh/program.h"

namespace sallyport {

// What its client, an scp, understands.
void Program::refuse_files(const FileRefusal& refusal) {
  if (refusal.output.empty()) return refuse(refusal.sentence);
  refuse("");
  output_.say(refusal.output);
  exit_status_ = refusal.exit_status;
}

// False when the policy does not let it start.
bool Program::watch_files(FilesAllowed allowed) {
  files_.emplace(request_, terminal_.has_value(), allowed);
  if (files_->refusal()) return refuse_files(*files_->refusal()), false;
  files_->attach(to_target_, output_);
  return true;
}

void Program::tend_files() {
  if (!files_) return;
  files_->tell(*monitor_, *id_);
  if (const auto sentence = files_->take_sentence()) errors_.say(gate_says(*sentence));
  if (files_->fault() && stage_ == Stage::running) refuse(*files_->fault());
}

std::optional<TellChannelClosed> Program::account() {
  auto closed = RepChannel::account();
  if (!closed || !files_) return closed;
  files_->finish(*closed, to_target(), output_.passed());
  files_->tell(*monitor_, *id_);
  return closed;
}

}  // namespace sallyport
