// Runs in: sallyport-ssh.
#include "gateway/ssh/bridge.h"

#include <poll.h>

#include <algorithm>

#include "gateway/ssh/last_words.h"

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
    const auto turned = wait_a_turn(*monitor_, {&rep_->leg(), target_}, moved ? 0ms : 1000ms);
    show_warnings();
    // After End nothing of the rep's goes to the target any more; it may come while a question is open.
    if (!monitor_->end()) hear_rep();
    moved = !monitor_->end() && turn_programs();
    report_activity();
    auto over = turned || monitor_->end() ? ending() : Ending{Finish::worker_fault, turned.error().message()};
    if (over) {
      farewell(*over);
      return {over->why, over->sentence, to_target(), from_target()};
    }
    // A queued request names its channel by address, and libssh does not forget it when the channel is freed.
    // What came while the programs turned is queued: it is heard before a channel goes.
    const int heard = hear_rep();
    moved |= heard > 0;
    if (heard < kRequestsAtOnce) drop_programs([](const Program& program) { return program.done(); });
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
      open_channel(message.get());
    else
      ssh_message_reply_default(message.get());  // a second login, forwarding: refused
  }
  return kRequestsAtOnce;
}

void Bridge::open_channel(ssh_message message) {
  if (ssh_message_subtype(message) != SSH_CHANNEL_SESSION || programs_.size() >= most_channels_) {
    ssh_message_reply_default(message);
    return;
  }
  if (const auto channel = ssh_message_channel_request_open_reply_accept(message))
    programs_.push_back(std::make_unique<Program>(channel, rep_->leg(), *target_, *monitor_, *clock_));
}

void Bridge::on_channel_request(SshMessage message) {
  const auto channel = ssh_message_channel_request_channel(message.get());
  const auto found =
      std::ranges::find_if(programs_, [&](const auto& program) { return program->is(channel); });
  // Without an owner the channel may be freed already, and an answer would look into it.
  if (found != programs_.end()) (*found)->on_request(std::move(message));
}

bool Bridge::turn_programs() {
  bool moved = false;
  for (const auto& program : programs_) {
    moved |= program->turn();
    if (!notice_.empty() && program->is_running() && program->has_recording()) show_notice(*program);
  }
  return moved;
}

void Bridge::show_notice(Program& program) {
  program.say(std::exchange(notice_, {}));
  program.turn();
}

template <class Predicate>
void Bridge::drop_programs(Predicate is_over) {
  std::erase_if(programs_, [&](const auto& program) {
    if (!is_over(*program)) return false;
    done_to_target_ += program->to_target();
    done_from_target_ += program->from_target();
    if (const auto account = program->account()) monitor_->tell_channel_closed(*account);
    return true;
  });
}

void Bridge::show_warnings() {
  while (const auto warning = monitor_->take_warning())
    for (const auto& program : programs_)
      if (program->has_recording()) program->say(*warning);
}

void Bridge::report_activity() {
  const auto total = to_target() + from_target();
  const auto now = clock_->boot();
  if (total == reported_ || now - reported_at_ < kActivityInterval) return;
  monitor_->tell_activity(to_target(), from_target());
  reported_ = total;
  reported_at_ = now;
}

std::optional<Bridge::Ending> Bridge::ending() const {
  if (monitor_->end()) return Ending{Finish::rep_left, *monitor_->end()};
  for (const auto& program : programs_) {
    if (const auto& failure = program->recording_failure())
      return Ending{Finish::recording_failed,
                    "this session cannot be recorded any more: " + failure->message()};
    if (program->rep_overrun()) return Ending{Finish::rep_protocol, "the client sends beyond its window"};
    if (program->target_overrun())
      return Ending{Finish::target_protocol, "the target sends beyond its window"};
  }
  if (const auto& rep = rep_->leg(); !rep.alive())
    return Ending{rep.left_politely() ? Finish::rep_left : Finish::rep_protocol,
                  rep.said_goodbye() ? "" : rep.error()};
  if (!target_->alive()) {
    if (target_->left_politely()) return Ending{Finish::target_left, "the target closed the connection"};
    return Ending{Finish::target_protocol, "the target broke the SSH protocol: " + target_->error()};
  }
  return std::nullopt;
}

void Bridge::farewell(const Ending& ending) {
  const auto deadline = clock_->boot() + kFarewell;
  for (const auto& program : programs_) program->end(ending.sentence);
  const auto all_told = [this] {
    return std::ranges::all_of(programs_, [](const auto& program) { return program->told(); });
  };
  for (auto& leg = rep_->leg(); leg.alive();) {
    bool moved = false;
    for (const auto& program : programs_) moved |= program->turn();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock_->boot());
    if (all_told() || left.count() <= 0) break;
    pollfd waiting{leg.fd(), leg.wanted_events(), 0};
    poll(&waiting, 1, moved ? 0 : static_cast<int>(left.count()));
    leg.turn();
  }
  if (!programs_.empty()) rep_->leg().linger_until(deadline, *clock_);
  // Before the disconnect, in which libssh frees the channels.
  drop_programs([](const Program&) { return true; });
  rep_->leg().disconnect(ending.sentence, clock_->boot() + kDisconnect, *clock_);
}

std::uint64_t Bridge::to_target() const {
  auto total = done_to_target_;
  for (const auto& program : programs_) total += program->to_target();
  return total;
}

std::uint64_t Bridge::from_target() const {
  auto total = done_from_target_;
  for (const auto& program : programs_) total += program->from_target();
  return total;
}

}  // namespace sallyport
