// Runs in: sallyport-ssh.
#include "gateway/ssh/rep_channel.h"

namespace sallyport {

namespace {

// How long a target may take to read what a rep left behind that has closed its channel.
constexpr auto kReadingPatience = std::chrono::seconds{5};

}  // namespace

RepChannel::~RepChannel() {
  if (channel_ == nullptr) return;
  // libssh keeps a channel until its peer has closed it too, so ours outlive no message that names them.
  ssh_remove_channel_callbacks(channel_, &rep_callbacks_);
  ssh_channel_free(channel_);
}

// The callbacks only take note; everything else happens in turn(), never inside libssh.
void RepChannel::adopt(ssh_channel channel) {
  channel_ = channel;
  rep_callbacks_.userdata = this;
  rep_callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t length,
                                            int is_errors, void* self) {
    if (is_errors != 0) return static_cast<int>(length);  // a client has no such stream
    auto& ours = *static_cast<RepChannel*>(self);
    return static_cast<int>(
        ours.to_target_.arrive({static_cast<const char*>(data), length}, ours.witness_input_));
  };
  rep_callbacks_.channel_eof_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<RepChannel*>(self)->to_target_.end();
  };
  rep_callbacks_.channel_close_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<RepChannel*>(self)->rep_closed_ = true;
  };
  ssh_callbacks_init(&rep_callbacks_);
  ssh_set_channel_callbacks(channel_, &rep_callbacks_);
}

std::optional<Ending> RepChannel::fault() const {
  if (to_target_.overrun()) return Ending{Finish::rep_protocol, "the client sends beyond its window"};
  return std::nullopt;
}

std::optional<TellChannelClosed> RepChannel::account() {
  if (!id_) return std::nullopt;
  return TellChannelClosed{*id_, to_target(), from_target(), exit_status_.value_or(-1), {}, {}};
}

void RepChannel::follow_rep() {
  if (!rep_closed_) return;
  if (held())
    followed_at_.reset();  // it is not the target that keeps it waiting
  else if (!followed_at_)
    followed_at_ = clock_->boot();
  if (has_been_closed_for(kReadingPatience)) to_target_.discard();
  to_target_.end();
  output_.discard();
}

void RepChannel::close_rep_side() {
  if (channel_ == nullptr || rep_close_sent_) return;
  close_channel(channel_);
  rep_close_sent_ = true;
}

void refuse_open(Leg& rep, ssh_message open, const std::string& sentence) {
  // Only to a rep that reads: sending it makes libssh take in more.
  if (rep.alive() && rep.flushed()) ssh_send_debug(rep.get(), ("sallyport: " + sentence).c_str(), 1);
  ssh_message_reply_default(open);
}

void close_channel(ssh_channel channel) {
  for (int i = 0; i < 3; ++i)
    if (ssh_channel_close(channel) != SSH_AGAIN) break;
}

}  // namespace sallyport
