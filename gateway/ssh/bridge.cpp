// Runs in: sallyport-ssh.
#include "gateway/ssh/bridge.h"

#include <algorithm>

#include "gateway/ssh/direct.h"
#include "gateway/ssh/program.h"

namespace sallyport {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// A worker that was told to end is gone within a second, also when the rep does not read.
constexpr auto kFarewell = 700ms;
constexpr auto kDisconnect = 200ms;
constexpr auto kActivityInterval = 1s;
// Requests of the rep's answered in one turn: a flood of them must not keep the monitor's End waiting.
constexpr int kRequestsAtOnce = 64;

}  // namespace

Bridge::Bridge(RepSide& rep, Leg& target, MonitorClient& monitor, std::size_t most_channels,
               std::string notice, const Clock& clock)
    : rep_(&rep),
      target_(&target),
      monitor_(&monitor),
      most_channels_(most_channels),
      notice_(std::move(notice)),
      clock_(&clock) {}

TellFinished Bridge::run() {
  bool moved = true;
  for (;;) {
    // What moved may have made room for more that no socket will announce.
    const auto turned = wait_a_turn(*monitor_, {&rep_->leg(), target_}, moved ? 0ms : 1000ms, awaited());
    show_warnings();
    // After End nothing of the rep's goes to the target any more; it may come while a question is open.
    if (!monitor_->end()) hear_rep();
    const auto heard_before = rep_->leg().packets() + target_->packets();
    moved = !monitor_->end() && turn_channels();
    report_activity();
    rep_heart_.beat(rep_->leg(), clock_->boot());
    target_heart_.beat(*target_, clock_->boot());
    auto over = turned || monitor_->end() ? ending() : Ending{Finish::worker_fault, turned.error().message()};
    if (over) {
      farewell(*over);
      return {over->why, over->sentence, to_target(), from_target()};
    }
    // A queued request names its channel by address, and libssh does not forget it when the channel is freed.
    // What came while the channels turned is queued: it is heard before a channel goes.
    const int heard = hear_rep();
    moved |= heard > 0;
    // And what came since the channels turned is in their hands, or was a leg's end: no socket will announce
    // it again.
    moved |= rep_->leg().packets() + target_->packets() != heard_before;
    moved |= !rep_->leg().alive() || !target_->alive();
    if (heard < kRequestsAtOnce) drop_channels([](const RepChannel& channel) { return channel.done(); });
  }
}

int Bridge::hear_rep() {
  for (int heard = 0; heard < kRequestsAtOnce; ++heard) {
    if (!rep_->leg().alive()) return heard;
    auto message = rep_->next_message();
    if (!message) return heard;
    const auto type = ssh_message_type(message.get());
    if (type == SSH_REQUEST_CHANNEL)
      on_channel_request(std::move(message));
    else if (type == SSH_REQUEST_CHANNEL_OPEN)
      open_channel(std::move(message));
    else
      ssh_message_reply_default(message.get());  // a second login, forwarding: refused
  }
  return kRequestsAtOnce;
}

void Bridge::open_channel(SshMessage message) {
  if (channels_.size() >= most_channels_)
    return refuse_open(rep_->leg(), message.get(), "too many channels are open");
  switch (ssh_message_subtype(message.get())) {
    case SSH_CHANNEL_SESSION:
      if (const auto channel = ssh_message_channel_request_open_reply_accept(message.get()))
        channels_.push_back(std::make_unique<Program>(channel, rep_->leg(), *target_, *monitor_, *clock_));
      return;
    case SSH_CHANNEL_DIRECT_TCPIP:
      channels_.push_back(std::make_unique<Direct>(std::move(message), rep_->leg(), *monitor_, *clock_));
      return;
  }
  ssh_message_reply_default(message.get());  // a kind that only a server opens, and what nobody knows
}

void Bridge::on_channel_request(SshMessage message) {
  const auto named = ssh_message_channel_request_channel(message.get());
  const auto found = std::ranges::find_if(channels_, [&](const auto& channel) { return channel->is(named); });
  // Without an owner the channel may be freed already, and an answer would look into it.
  if (found != channels_.end()) (*found)->on_request(std::move(message));
}

std::vector<pollfd> Bridge::awaited() const {
  std::vector<pollfd> awaited;
  for (const auto& channel : channels_)
    if (const auto what = channel->awaits(); what.fd >= 0) awaited.push_back(what);
  return awaited;
}

bool Bridge::turn_channels() {
  // Each time another one is first: a channel that always has more must not take all of a slow leg.
  if (!channels_.empty()) std::rotate(channels_.begin(), channels_.begin() + 1, channels_.end());
  bool moved = false;
  for (const auto& channel : channels_) {
    moved |= channel->turn();
    if (!notice_.empty() && channel->is_running() && channel->has_recording()) show_notice(*channel);
  }
  return moved;
}

void Bridge::show_notice(RepChannel& channel) {
  channel.say(std::exchange(notice_, {}));
  channel.turn();
}

template <class Predicate>
void Bridge::drop_channels(Predicate is_over) {
  std::erase_if(channels_, [&](const auto& channel) {
    if (!is_over(*channel)) return false;
    done_to_target_ += channel->to_target();
    done_from_target_ += channel->from_target();
    if (const auto account = channel->account()) monitor_->tell_channel_closed(*account);
    return true;
  });
}

void Bridge::show_warnings() {
  while (const auto warning = monitor_->take_warning())
    for (const auto& channel : channels_)
      if (channel->has_recording()) channel->say(*warning);
}

void Bridge::report_activity() {
  const auto total = to_target() + from_target();
  const auto now = clock_->boot();
  if (total == reported_ || now - reported_at_ < kActivityInterval) return;
  monitor_->tell_activity(to_target(), from_target());
  reported_ = total;
  reported_at_ = now;
}

std::optional<Ending> Bridge::ending() const {
  if (monitor_->end()) return Ending{Finish::rep_left, *monitor_->end()};
  for (const auto& channel : channels_)
    if (auto fault = channel->fault()) return fault;
  if (const auto& rep = rep_->leg(); !rep.alive())
    return Ending{rep.left_politely() ? Finish::rep_left : Finish::rep_protocol,
                  rep.said_goodbye() ? "" : rep.error()};
  if (rep_heart_.stopped()) return Ending{Finish::rep_left, "its machine does not answer any more"};
  if (target_heart_.stopped()) return Ending{Finish::target_left, "its machine does not answer any more"};
  if (!target_->alive()) {
    if (target_->left_politely()) return Ending{Finish::target_left, "the target closed the connection"};
    return Ending{Finish::target_protocol, "the target broke the SSH protocol: " + target_->error()};
  }
  return std::nullopt;
}

void Bridge::farewell(const Ending& ending) {
  const auto deadline = clock_->boot() + kFarewell;
  const bool busy = !channels_.empty();
  for (const auto& channel : channels_) channel->end(ending.sentence);
  // The monitor hears of these before the rep has taken its time to read.
  drop_channels([](const RepChannel& channel) { return !channel.has_words(); });
  const auto all_told = [this] {
    return std::ranges::all_of(channels_, [](const auto& channel) { return channel->told(); });
  };
  for (auto& leg = rep_->leg(); leg.alive();) {
    bool moved = false;
    for (const auto& channel : channels_) moved |= channel->turn();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock_->boot());
    if (all_told() || left.count() <= 0) break;
    pollfd waiting{leg.fd(), leg.wanted_events(), 0};
    poll(&waiting, 1, moved ? 0 : static_cast<int>(left.count()));
    leg.turn();
  }
  // A client that is still talking would meet a reset, and not the disconnect's reason.
  if (busy) rep_->leg().linger_until(deadline, *clock_);
  // Before the disconnect, in which libssh frees the channels.
  drop_channels([](const RepChannel&) { return true; });
  rep_->leg().disconnect(ending.sentence, clock_->boot() + kDisconnect, *clock_);
}

std::uint64_t Bridge::to_target() const {
  auto total = done_to_target_;
  for (const auto& channel : channels_) total += channel->to_target();
  return total;
}

std::uint64_t Bridge::from_target() const {
  auto total = done_from_target_;
  for (const auto& channel : channels_) total += channel->from_target();
  return total;
}

}  // namespace sallyport
