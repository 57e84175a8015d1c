// A peer's session: the target's socket, programs on channels, counters, the end.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include <algorithm>

#include "auth/sealed_secret.h"
#include "base/duration.h"
#include "base/log.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/sessions.h"
#include "gateway/monitor/target_use.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

namespace {

constexpr std::chrono::minutes kTargetLoginTime{10};  // its own prompts included
constexpr std::size_t kMostWebConnections = 256;      // to the target, of one session

Counters bounded(std::uint64_t to_target, std::uint64_t from_target) {
  return {std::min(to_target, kLargestNumber), std::min(from_target, kLargestNumber), {}, {}};
}

const Target* find_target(const Gate& gate, const std::string& name) {
  const auto found = gate.catalogue.targets.find(name);
  return found == gate.catalogue.targets.end() ? nullptr : &found->second;
}

Secret without_line_end(const Secret& password) {
  auto text = password.reveal();
  while (text.ends_with('\n')) text.remove_suffix(1);
  return Secret{text};
}

const char* to_text(TargetFault fault, Carriage door) {
  switch (fault) {
    case TargetFault::certificate:
      return "shows another certificate than its file says";
    case TargetFault::host_key:
      return "shows another host key than the pinned one";
    case TargetFault::login_refused:
      return "does not let the rep in";
    case TargetFault::protocol:
      return door == Carriage::https ? "does not speak TLS as expected" : "does not speak SSH as expected";
    case TargetFault::timed_out:
      return "accepts the connection but does not answer";
    case TargetFault::closed:
      return "closed the connection before the login was done";
    case TargetFault::algorithms:
      return "has no SSH algorithm in common with the gate (for an old HMC: legacy = true in its file)";
  }
  return "?";
}

const char* to_text(Finish why) {
  switch (why) {
    case Finish::rep_left:
      return "the rep left";
    case Finish::target_left:
      return "the target closed the connection";
    case Finish::recording_failed:
      return "it could not be recorded";
    case Finish::rep_protocol:
      return "the rep's side broke the protocol";
    case Finish::target_protocol:
      return "the target broke the protocol";
    case Finish::worker_fault:
      return "the worker failed";
  }
  return "?";
}

const char* to_text(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::shell:
      return "shell";
    case ChannelKind::exec:
      return "exec";
    case ChannelKind::subsystem:
      return "subsystem";
    case ChannelKind::requests:
      return "https";
  }
  return "?";
}

// What the rep may also use, for the line after the login.
std::string forwarded_text(const Grant& grant) {
  std::string text;
  for (const auto& service : grant.services)
    if (service.carriage == Carriage::forward)
      text += fmt::format("{}{} {}", text.empty() ? "; forwarded from your address: " : ", ", service.name,
                          service.port.value());
  return text;
}

static_assert(static_cast<int>(FilesAllowed::none) == static_cast<int>(FileWays::none) &&
              static_cast<int>(FilesAllowed::to_target) == static_cast<int>(FileWays::to_target) &&
              static_cast<int>(FilesAllowed::from_target) == static_cast<int>(FileWays::from_target) &&
              static_cast<int>(FilesAllowed::both) == static_cast<int>(FileWays::both));

}  // namespace

// The verb behind ask_target: the monitor dials, and only what the grant names.
void Peer::on(AskTarget&) {
  if (!has_running_session()) return tell(Refused{"the session has ended"});
  const Grant& grant = *gate_.ledger.find(grant_->value());
  const Target* const target = find_target(gate_, grant.target);
  if (target == nullptr)
    return target_unreachable("the target is no longer configured at this gate", "target not configured");
  const auto port = target_port(*target);
  if (!port)
    return target_unreachable("the target is no longer configured at this gate", port.error().message());
  const auto opened =
      gate_.doors.open_dial(*grant_, target->addresses, *port, gate_.ledger.deadline(*grant_));
  if (!opened)
    return target_unreachable("the gate could not open its own way to the target", opened.error().message());
  std::vector<Endpoint> endpoints;
  for (const auto& address : target->addresses) endpoints.push_back({address, port->value()});
  dial_ = std::make_unique<Dial>(gate_.loop, std::move(endpoints),
                                 [this](Result<Dial::Connected> dialled) { on_dialled(std::move(dialled)); });
}

void Peer::on_dialled(Result<Dial::Connected> dialled) {
  if (!has_running_session()) return tell(Refused{"the session has ended"});
  if (!dialled)
    return target_unreachable(fmt::format("the target cannot be reached ({})", dialled.error().message()),
                              dialled.error().message());
  const auto endpoint = dialled->endpoint;
  const auto narrowed =
      gate_.doors.open_dial(*grant_, {endpoint.address}, Port{endpoint.port}, gate_.ledger.deadline(*grant_));
  if (!narrowed)
    return target_unreachable("the gate could not keep its own way to the target",
                              narrowed.error().message());
  target_ = std::move(dialled->socket);
  auto handed_over = target_for_worker();
  if (!handed_over)
    return target_unreachable("what the gate knows of the target is not usable",
                              handed_over.error().message());
  target_address_ = endpoint.address;
  phase_ = Phase::dialled;
  deadline_ = Timer::once(gate_.loop, kTargetLoginTime,
                          [this] { on_worker_gone("the login at the target took too long"); });
  tell(*std::move(handed_over), target_.get());
}

Result<Port> Peer::target_port(const Target& target) const {
  if (door_ == Carriage::ssh) return target.ssh_port;
  if (target.https) return target.https->port;
  return fail("targets/{}.toml has no [https] any more", target.name);
}

Result<Answer> Peer::target_for_worker() const {
  const Grant& grant = *gate_.ledger.find(grant_->value());
  const Target* const target = find_target(gate_, grant.target);
  if (target == nullptr) return fail("target {} is no longer configured", grant.target);
  if (door_ == Carriage::https) return web_target(*target);
  return target_socket(*target);
}

Result<TargetSocket> Peer::target_socket(const Target& target) const {
  TargetSocket handed_over{target.name, target.host_keys,
                           target.user, static_cast<TargetLoginKind>(target.login),
                           {},          offered_to(target, gate_.catalogue.settings.ssh_profile)};
  if (target.login == TargetLogin::prompt) return handed_over;
  ASSIGN_OR_RETURN(auto credential,
                   read_stored_secret(target.secret_file, limit::key, gate_.options.credential));
  if (target.login == TargetLogin::password) credential = without_line_end(credential);
  handed_over.credential = std::move(credential);
  return handed_over;
}
static_assert(static_cast<int>(TargetLoginKind::prompt) == static_cast<int>(TargetLogin::prompt) &&
              static_cast<int>(TargetLoginKind::key) == static_cast<int>(TargetLogin::key));

// The rep sees a sentence, the journal the reason; the grant is armed again unless the policy says otherwise.
void Peer::target_unreachable(const std::string& sentence, const std::string& detail) {
  const auto grant = *grant_;
  const Grant& record = *gate_.ledger.find(grant.value());
  const Entry failed{
      "target.failed",
      {{"grant", grant.value()}, {"session", record.session}, {"target", record.target}, {"reason", detail}}};
  gate_.ledger.note_closing(failed);
  const bool used = carried_a_session(target_);
  phase_ = Phase::over;
  dial_.reset();
  cut_target();
  tell(Refused{cut(sentence)});
  if (joined_) {  // the others' session goes on
    deadline_ = Timer::once(gate_.loop, kLastWordsTime, [this, detail] { on_worker_gone(detail); });
    return;
  }
  if (record.failed_dial_spends || used) return spend_session(gate_, grant, detail);
  deadline_ = Timer::once(gate_.loop, kLastWordsTime, [this] { on_worker_gone(""); });
  grant_.reset();
  forget_session(gate_, grant);
  release(gate_, grant, detail);
}

void Peer::on(AskTargetFailed& ask) {
  if (!has_running_session()) return tell(Refused{"the session has ended"});
  const std::string sentence = fmt::format("the target {}", to_text(ask.fault, door_));
  target_unreachable(sentence, ask.detail.empty() ? sentence : fmt::format("{}: {}", sentence, ask.detail));
}

void Peer::on(AskConnected& ask) {
  if (!has_running_session()) return tell(Refused{"the session has ended"});
  if (auto connected = gate_.ledger.connected(*grant_, connection_of(ask)); !connected) {
    tell(Refused{"the session cannot be recorded"});
    return end_session(gate_, *grant_, "it cannot be recorded: " + connected.error().message());
  }
  const Grant& grant = *gate_.ledger.find(grant_->value());
  if (auto routed = joined_ ? Done{} : open_forwards(grant); !routed) {
    tell(Refused{"the gate could not open the forwarded services"});
    return end_session(gate_, *grant_,
                       "the forwarded services could not be opened: " + routed.error().message());
  }
  phase_ = Phase::connected;
  deadline_ = {};
  const auto ends = to_rfc3339(std::chrono::floor<std::chrono::seconds>(grant.end_by)).substr(0, 16);
  const auto notice =
      fmt::format("connected to {} through {}; this session is recorded; it ends at {} UTC at the latest",
                  grant.target, gate_.catalogue.settings.gate_name, ends);
  tell(Connected{cut(notice + forwarded_text(grant)), policy_of(gate_, grant).channels});
  if (const auto& pause = session()->pause) hold(true, pause->refusal);
}

Connection Peer::connection_of(const AskConnected& ask) const {
  const Target* const target = find_target(gate_, gate_.ledger.find(grant_->value())->target);
  const auto leg = [](const Negotiated& agreed) {
    return Leg{agreed.key_exchange, agreed.cipher, agreed.mac};
  };
  const bool legacy = door_ == Carriage::ssh && target != nullptr && target->legacy;
  return {target_address_, leg(ask.rep), leg(ask.target), legacy, door_};
}

// The session is on: what the kernel routes is journaled, then opened, from the rep's address only.
Done Peer::open_forwards(const Grant& grant) {
  const Target* const target = find_target(gate_, grant.target);
  if (target == nullptr) return fail("target {} is no longer configured", grant.target);
  ASSIGN_OR_RETURN(const auto forwards,
                   forward_openings(grant, *target, target_address_, gate_.ledger.deadline(*grant_)));
  if (forwards.empty()) return {};
  nlohmann::json open = nlohmann::json::array();
  for (const auto& forward : forwards)
    open.push_back(fmt::format("{} to {}/{} goes to {}", forward.network.first().text(), forward.port.value(),
                               sallyport::to_text(forward.transport), forward.target->text()));
  RETURN_IF_ERROR(gate_.ledger.note(
      {"firewall.forwarded", {{"grant", grant.id.value()}, {"session", grant.session}, {"open", open}}}));
  return gate_.doors.open_forwards(grant, forwards);
}

// A browser opens connections as it likes; they are one session's, and each is recorded.
std::size_t Peer::most_channels(const Grant& grant) const {
  return door_ == Carriage::https ? kMostWebConnections : policy_of(gate_, grant).channels;
}

// The verb behind ask_channel: a program starts only when its record, and its recording, exist (I5, I6).
void Peer::on(AskChannel& ask) {
  if (!has_running_session()) return tell(Refused{"the session has ended"});
  Session& session = *this->session();
  if ((ask.kind == ChannelKind::requests) != (door_ == Carriage::https))
    return on_worker_gone("the worker asked for a channel of another door");
  if (session.pause && door_ == Carriage::ssh) return tell(Refused{cut(session.pause->refusal)});
  const Grant& grant = *gate_.ledger.find(grant_->value());
  const Policy policy = policy_of(gate_, grant);
  if (session.open_channels.size() + directs_.size() >= most_channels(grant))
    return tell(Refused{"too many channels are open"});
  const auto channel = session.next_channel++;
  auto writer = start_channel(session, channel, ask, policy);
  if (!writer) {
    tell(Refused{"this cannot be recorded, so it is not started"});
    return end_session(gate_, *grant_, "it cannot be recorded: " + writer.error().message());
  }
  session.open_channels.emplace(channel, id_);
  tell(ChannelGranted{channel, policy.record_input, policy.recording_limit,
                      static_cast<FilesAllowed>(policy.files), policy.masked_after},
       writer->get());
}

// Whatever a person types at is recorded: a terminal, and a shell without one. Exec and sftp without a
// terminal are bulk, of which the bytes are counted.
Result<UniqueFd> Peer::start_channel(Session& session, std::uint32_t channel, const AskChannel& ask,
                                     const Policy& policy) {
  Entry entry{"session.channel",
              {{"session", session.name},
               {"grant", grant_->value()},
               {"channel", channel},
               {"kind", to_text(ask.kind)},
               {"terminal", ask.terminal},
               {"command", ask.command}}};
  UniqueFd writer;
  if (is_recorded(ask.kind, ask.terminal)) {
    ASSIGN_OR_RETURN(auto recording, gate_.recordings.create(session.name, channel));
    entry.fields["recording"] = recording.path();
    if (!policy.masked_after.empty() && ask.kind != ChannelKind::requests)
      entry.fields["masked_after"] = policy.masked_after;
    writer = recording.take_writer();
    session.recordings.emplace(channel, std::move(recording));
  }
  RETURN_IF_ERROR(gate_.ledger.note(entry));
  return writer;
}

bool Peer::has_channel(const Session& session, std::uint32_t channel) const {
  const auto found = session.open_channels.find(channel);
  return found != session.open_channels.end() && found->second == id_;
}

void Peer::on(TellChannelClosed& told) {
  Session* const session = this->session();
  if (session == nullptr) return;
  if (!has_channel(*session, told.channel))
    return on_worker_gone("the worker closed a channel that is not open");
  session->open_channels.erase(told.channel);
  close_direct(told.channel);
  const auto counted = bounded(told.to_target, told.from_target);
  Entry entry{"session.channel_closed",
              {{"session", session->name},
               {"grant", grant_->value()},
               {"channel", told.channel},
               {"to_target", counted.to_target},
               {"from_target", counted.from_target}}};
  if (told.exit_status >= 0) entry.fields["exit_status"] = told.exit_status;
  if (!told.sha256_to_target.empty()) entry.fields["sha256_to_target"] = told.sha256_to_target;
  if (!told.sha256_from_target.empty()) entry.fields["sha256_from_target"] = told.sha256_from_target;
  gate_.ledger.note_closing(entry);
  close_recording(gate_, *grant_, told.channel);
}

void Peer::on(TellActivity& told) {
  Session* const session = this->session();
  if (session == nullptr) return;
  count_relayed(*session, id_, bounded(told.to_target, told.from_target));
  session->activity.touch(gate_.clock.boot());
}

void Peer::on(TellFinished& told) {
  if (Session* const session = this->session()) {
    count_relayed(*session, id_, bounded(told.to_target, told.from_target));
    const auto why = to_text(told.why);
    // The reason of an end that the gate itself began stays.
    return leave_session(gate_, *grant_, id_,
                         told.detail.empty() ? why : fmt::format("{}: {}", why, told.detail));
  }
  on_worker_gone("");
}

}  // namespace sallyport
