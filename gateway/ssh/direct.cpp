// Runs in: sallyport-ssh.
#include "gateway/ssh/direct.h"

#include <sys/socket.h>

namespace sallyport {

namespace {

std::string host_of(ssh_message open) {
  const char* const host = ssh_message_channel_request_open_destination(open);
  return host == nullptr ? "" : host;
}

std::uint32_t port_of(ssh_message open) {
  return static_cast<std::uint32_t>(ssh_message_channel_request_open_destination_port(open));
}

}  // namespace

Direct::Direct(SshMessage open, Leg& rep, MonitorClient& monitor, const Clock& clock)
    : RepChannel(rep, monitor, clock), open_(std::move(open)) {
  if (const auto asked = monitor_->ask_direct(host_of(open_.get()), port_of(open_.get())))
    token_ = *asked;
  else
    refuse(asked.error().message());
}

// None is known for such a channel.
void Direct::on_request(SshMessage message) {
  if (!rep_close_sent_) ssh_message_reply_default(message.get());  // no word may follow our close
}

bool Direct::turn() {
  if (open_) take_answer();
  return channel_ != nullptr && pump();
}

void Direct::take_answer() {
  auto answer = monitor_->take_direct(token_);
  if (!answer) return;
  if (!*answer) return refuse(answer->error().message());
  auto& granted = **answer;
  id_ = granted.channel;
  socket_ = std::move(granted.socket);
  if (const auto channel = ssh_message_channel_request_open_reply_accept(open_.get())) adopt(channel);
  open_.reset();
}

void Direct::refuse(const std::string& sentence) {
  refuse_open(*rep_, open_.get(), sentence);
  open_.reset();
}

pollfd Direct::awaits() const {
  // Nothing is asked of a socket from which we want nothing: poll() says each time that it hung up.
  const bool has_more = to_target_.has_bytes() && !held();
  const int events = (output_.has_room() ? POLLIN : 0) | (has_more ? POLLOUT : 0);
  return {events == 0 ? -1 : socket_.get(), static_cast<short>(events), 0};
}

bool Direct::pump() {
  bool moved = to_target_.refill(channel_, witness_input_);
  if (socket_) {
    if (!held()) moved |= to_target_.drain(socket_.get());
    moved |= output_.fill(socket_.get());
  }
  moved |= output_.drain(*rep_, channel_);
  pass_ends();
  return moved;
}

// Half-closes in both directions, then the close.
void Direct::pass_ends() {
  if (rep_close_sent_) return;
  follow_rep();
  if (to_target_.finished() && !target_eof_sent_ && !held()) {
    (void)::shutdown(socket_.get(), SHUT_WR);
    target_eof_sent_ = true;
  }
  if (output_.finished() && !rep_closed_) ssh_channel_send_eof(channel_);
  if (!target_eof_sent_ || !(output_.finished() || rep_closed_)) return;
  close_rep_side();
  socket_.reset();
}

bool Direct::done() const noexcept { return !open_ && rep_done(); }

void Direct::end(const std::string& sentence) {
  socket_.reset();
  to_target_.discard();
  output_.discard();
  if (open_) refuse(sentence);
  close_rep_side();
}

}  // namespace sallyport
