// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/sessions.h"

#include <algorithm>

#include "base/duration.h"
#include "base/escape.h"
#include "base/log.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/traffic.h"

namespace sallyport {

namespace {

// For the worker to tell the rep and leave. A browser asks by itself, and later.
constexpr std::chrono::seconds kGrace{1}, kWebGrace{5};
constexpr std::uint64_t kRecordingSlack =
    1 << 20;                                 // bytes that a worker may be beyond the limit it keeps itself
constexpr std::size_t kHashATick = 4 << 20;  // bytes of recordings hashed a session and second

template <class Act>
void with_each_peer(Gate& gate, const Session& session, Act act) {
  for (const auto& [id, relayed] : session.peers)
    if (Peer* const peer = find_peer(gate, id)) act(*peer);
}

void finish_end(Gate& gate, const GrantId& id);

void note_logoff(Gate& gate, const GrantId& id, const TellLoggedOff& told) {
  Session& session = gate.sessions.at(id);
  Entry entry{
      "session.logged_off",
      {{"session", session.name}, {"grant", id.value()}, {"ended", told.ended}, {"failed", told.failed}}};
  if (!told.fault.empty()) entry.fields["reason"] = told.fault;
  gate.ledger.note_closing(entry);
  if (session.waits_for_logoff) finish_end(gate, id);
}

// Once: what the rep has left at the target's REST API is ended, by a worker and on a way of its own.
void begin_logoff(Gate& gate, const GrantId& id) {
  Session& session = gate.sessions.at(id);
  if (!session.api || session.api->open.empty() || session.logoff) return;
  auto sessions = *std::exchange(session.api, std::nullopt);
  const Entry entry{"session.logoff",
                    {{"session", session.name},
                     {"grant", id.value()},
                     {"count", sessions.open.size() + sessions.forgotten}}};
  auto begun = Result<std::unique_ptr<Logoff>>{};
  if (auto noted = gate.ledger.note(entry))
    begun = Logoff::start(gate, std::move(sessions),
                          [&gate, id](const TellLoggedOff& told) { note_logoff(gate, id, told); });
  else
    begun = tl::unexpected{noted.error()};
  if (begun)
    session.logoff = *std::move(begun);
  else
    log_error("logging off at the target of {}: {}", id.value(), begun.error().message());
}

void finish_end(Gate& gate, const GrantId& id) {
  const auto found = gate.sessions.find(id);
  if (found == gate.sessions.end()) return;
  Session& session = found->second;
  drop_peers_if(gate,
                [&](const Peer& peer) { return session.peers.contains(peer.id()); });  // kills the workers
  gate.doors.close_ways(id);
  begin_logoff(gate, id);
  session.waits_for_logoff = session.logoff && !session.logoff->is_done();
  if (session.waits_for_logoff) return;
  while (!session.recordings.empty()) close_recording(gate, id, session.recordings.begin()->first);
  read_traffic(gate, id);
  session.counters.traffic = traffic_of(gate, id);
  session.counters.files = session.files.totals();
  gate.ledger.finish(id, session.end_reason, session.ended_by, session.counters);
  gate.sessions.erase(id);
  close_doors(gate, id);
}

void warn_if_due(Gate& gate, const GrantId& id, Session& session) {
  // Before the target let the rep in there is nobody to be told; the last warning missed is given then.
  if (!gate.ledger.find(id.value())->connected) return;
  const auto left = gate.ledger.deadline(id) - gate.clock.boot();
  if (!session.warnings.due(left)) return;
  const auto sentence =
      fmt::format("this session ends in {}", to_text(std::chrono::ceil<std::chrono::seconds>(left)));
  with_each_peer(gate, session, [&](Peer& peer) { peer.warn(sentence); });
}

// Hashes what was appended; says what is wrong with it, or nothing.
std::string fault_of_recordings(const Gate& gate, const Grant& grant, Session& session) {
  const auto policy = gate.catalogue.policies.find(grant.policy);
  const auto limit =
      policy == gate.catalogue.policies.end() ? Policy{}.recording_limit : policy->second.recording_limit;
  for (auto& [channel, recording] : session.recordings) {
    if (auto advanced = recording.advance(kHashATick); !advanced)
      return "it cannot be recorded: " + advanced.error().message();
    const auto waiting = recording.appended();
    if (!waiting || recording.hashed() + *waiting > limit + kRecordingSlack)
      return "a recording outgrew its limit";
  }
  return {};
}

// The reason to end this session now, or nothing.
std::string reason_to_end(Gate& gate, const GrantId& id, Session& session) {
  const auto now = gate.clock.boot();
  if (gate.ledger.deadline(id) <= now) return "its time is over";
  const Grant& grant = *gate.ledger.find(id.value());
  if (session.activity.idle(now) >= grant.idle_limit)
    return fmt::format("nothing happened for {}", to_text(grant.idle_limit));
  if (auto writable = gate.ledger.writable(); !writable)
    return "it cannot be recorded: " + writable.error().message();
  if (auto room = gate.recordings.room(); !room) return "it cannot be recorded: " + room.error().message();
  return fault_of_recordings(gate, grant, session);
}

// The limits of a policy that was removed while its session runs: no new channel either, because what must
// not be recorded of it is not known any more (I9).
Policy strictest() {
  Policy policy;
  policy.channels = 0;
  policy.files = FileWays::none;
  return policy;
}

}  // namespace

Policy policy_of(const Gate& gate, const Grant& grant) {
  const auto found = gate.catalogue.policies.find(grant.policy);
  return found == gate.catalogue.policies.end() ? strictest() : found->second;
}

void begin_session(Gate& gate, const GrantId& id, const std::string& name, PeerId peer) {
  Session& session = gate.sessions[id];
  session.name = name;
  if (peer != kNoPeer) session.peers.try_emplace(peer);
  session.activity = IdleClock{gate.clock.boot()};
  session.warnings = EndWarnings{gate.ledger.find(id.value())->session_limit};
}

namespace {

bool has_door(const Gate& gate, const Session& session, Carriage door) {
  return std::any_of(session.peers.begin(), session.peers.end(), [&](const auto& entry) {
    const auto peer = gate.peers.find(entry.first);
    return peer != gate.peers.end() && peer->second->door() == door;
  });
}

// From its own address, and once the target has let the first login in.
bool is_open_to(const Gate& gate, const Session& session, const Grant& grant, const Address& source,
                Carriage door) {
  return !session.ending && grant.connected && grant.peer && grant.peer->address == source &&
         offers(grant, door) && !has_door(gate, session, door);
}

Entry about_login(const Gate& gate, const GrantId& id, const char* event, const Peer& peer) {
  return {event,
          {{"grant", id.value()},
           {"session", gate.sessions.at(id).name},
           {"peer", peer.endpoint().text()},
           {"door", to_text(peer.door())}}};
}

void add(Counters& sum, const Counters& more) {
  sum.to_target += more.to_target;
  sum.from_target += more.from_target;
}

}  // namespace

const Grant* joinable(const Gate& gate, std::string_view rep, std::string_view target, const Address& source,
                      Carriage door) {
  for (const auto& [id, session] : gate.sessions) {
    const Grant& grant = *gate.ledger.find(id.value());
    if (grant.rep == rep && (target.empty() || grant.target == target) &&
        is_open_to(gate, session, grant, source, door))
      return &grant;
  }
  return nullptr;
}

bool may_be_joined(const Gate& gate, const Address& source, Carriage door) {
  return std::any_of(gate.sessions.begin(), gate.sessions.end(), [&](const auto& entry) {
    return is_open_to(gate, entry.second, *gate.ledger.find(entry.first.value()), source, door);
  });
}

Done join_session(Gate& gate, const GrantId& id, const Peer& peer, const Entry& accepted) {
  const auto found = gate.sessions.find(id);
  if (gate.stopping || gate.shut || found == gate.sessions.end() ||
      !is_open_to(gate, found->second, *gate.ledger.find(id.value()), peer.endpoint().address, peer.door()))
    return fail("the session of {} can no longer be joined", id.value());
  RETURN_IF_ERROR(gate.ledger.note(accepted));
  RETURN_IF_ERROR(gate.ledger.note(about_login(gate, id, "session.joined", peer)));
  found->second.peers.try_emplace(peer.id());
  return {};
}

void leave_session(Gate& gate, const GrantId& id, PeerId peer, const std::string& reason) {
  const auto found = gate.sessions.find(id);
  if (found == gate.sessions.end()) return;
  Session& session = found->second;
  const Peer* const leaving = find_peer(gate, peer);
  if (session.peers.size() <= 1 || leaving == nullptr) return end_session_at_once(gate, id, reason);
  auto left = about_login(gate, id, "session.left", *leaving);
  left.fields["reason"] = reason;
  gate.ledger.note_closing(left);
  for (auto channel = session.open_channels.begin(); channel != session.open_channels.end();) {
    if (channel->second != peer) {
      ++channel;
      continue;
    }
    close_recording(gate, id, channel->first);
    channel = session.open_channels.erase(channel);
  }
  session.peers.erase(peer);  // what it relayed stays in the sum
  drop_peers_if(gate, [peer](const Peer& other) { return other.id() == peer; });
}

void count_relayed(Session& session, PeerId peer, const Counters& counters) {
  auto& known = session.peers[peer];
  session.counters.to_target -= known.to_target;
  session.counters.from_target -= known.from_target;
  known = counters;
  add(session.counters, known);
}

void forget_session(Gate& gate, const GrantId& id) { gate.sessions.erase(id); }

void spend_session(Gate& gate, const GrantId& id, const std::string& reason) {
  Session& session = gate.sessions.at(id);
  session.ending = true;
  session.end_reason = reason;
  gate.doors.close_ways(id);
  session.grace = Timer::once(gate.loop, kLastWordsTime, [&gate, id] { finish_end(gate, id); });
}

namespace {

Entry about_pause(const Gate& gate, const GrantId& id, const char* event, const std::string& by,
                  const std::string& reason) {
  Entry entry{event, {{"grant", id.value()}, {"session", gate.sessions.at(id).name}, {"by", by}}};
  if (!reason.empty()) entry.fields["reason"] = reason;
  return entry;
}

// The session that can be paused and resumed: it runs, and its rep can be told.
Result<Session*> session_with_rep(Gate& gate, const GrantId& id) {
  const Grant& grant = *gate.ledger.find(id.value());
  const auto found = gate.sessions.find(id);
  if (found == gate.sessions.end()) return fail("no session of grant {} is running", id.value());
  if (found->second.ending) return fail("session {} is ending", grant.session);
  // The target's own login is not ours to interrupt, and ends by itself.
  if (!grant.connected)
    return fail("session {} has yet to begin: the target has not let the rep in (sallyport end {} stops it)",
                grant.session, grant.session);
  return &found->second;
}

std::string because(const std::string& reason) {
  return reason.empty() ? "" : fmt::format(" ({})", escape_terminal(reason));
}

}  // namespace

Done pause_session(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason) {
  ASSIGN_OR_RETURN(Session* const session, session_with_rep(gate, id));
  if (session->pause) return fail("session {} is paused already, by {}", session->name, session->pause->by);
  // It takes something away from the rep, so it does not wait for a disk that fails.
  gate.ledger.note_closing(about_pause(gate, id, "session.paused", by, reason));
  session->activity.stop(gate.clock.boot());
  session->pause = {
      by, gate.clock.wall(),
      fmt::format("{} has paused this session{}; try again when it goes on", by, because(reason))};
  const auto sentence =
      fmt::format("{} has paused this session{}; what you send waits until it goes on", by, because(reason));
  with_each_peer(gate, *session, [&](Peer& peer) { peer.hold(true, sentence); });
  return {};
}

Done resume_session(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason) {
  ASSIGN_OR_RETURN(Session* const session, session_with_rep(gate, id));
  if (!session->pause) return fail("session {} is not paused", session->name);
  RETURN_IF_ERROR(gate.ledger.note(about_pause(gate, id, "session.resumed", by, reason)));
  session->activity.go_on(gate.clock.boot());
  session->pause.reset();
  const auto sentence = fmt::format("{} lets this session go on{}", by, because(reason));
  with_each_peer(gate, *session, [&](Peer& peer) { peer.hold(false, sentence); });
  return {};
}

void end_session(Gate& gate, const GrantId& id, const std::string& reason, const std::string& by) {
  const auto found = gate.sessions.find(id);
  if (found == gate.sessions.end() || found->second.ending) return;
  Session& session = found->second;
  session.ending = true;
  session.end_reason = reason;
  session.ended_by = by;
  read_traffic(gate, id);
  bool somebody = false;
  auto grace = kGrace;
  // Shuts the target's socket down, so that its end of the connection hears of it while the way is still
  // there.
  with_each_peer(gate, session, [&](Peer& peer) {
    somebody = true;
    if (peer.door() == Carriage::https && !gate.stopping) grace = kWebGrace;
    peer.end(fmt::format("the session has ended: {}", reason));
  });
  gate.doors.close_ways(id);
  if (!somebody) return finish_end(gate, id);
  begin_logoff(gate, id);
  session.grace = Timer::once(gate.loop, grace, [&gate, id] { finish_end(gate, id); });
}

void end_session_at_once(Gate& gate, const GrantId& id, const std::string& reason) {
  const auto found = gate.sessions.find(id);
  if (found == gate.sessions.end()) return;
  if (!found->second.ending) found->second.end_reason = reason;
  found->second.ending = true;
  finish_end(gate, id);
}

void tend_sessions(Gate& gate) {
  std::vector<GrantId> ids;
  for (const auto& [id, session] : gate.sessions)
    if (!session.ending) ids.push_back(id);
  for (const auto& id : ids) {
    Session& session = gate.sessions.at(id);
    const auto reason = reason_to_end(gate, id, session);
    if (reason.empty())
      warn_if_due(gate, id, session);
    else
      end_session(gate, id, reason);
  }
}

namespace {

void note_closed(Gate& gate, const std::string& session, std::uint32_t channel,
                 const Result<RecordingSum>& sum) {
  Entry entry{"recording.closed", {{"session", session}, {"channel", channel}}};
  if (sum)
    entry.fields.update({{"path", sum->path}, {"size", sum->size}, {"sha256", sum->sha256}});
  else
    entry.fields["alarm"] = sum.error().message();
  gate.ledger.note_closing(entry);
}

// A disk that fails may work again; a file that is gone, or became smaller, is an alarm at once.
bool may_work_later(const Error& error) { return error.code() != 0 && error.code() != ENOENT; }

bool is_running(const Gate& gate, const std::string& session) {
  return std::any_of(gate.sessions.begin(), gate.sessions.end(),
                     [&](const auto& entry) { return entry.second.name == session; });
}

}  // namespace

void close_recording(Gate& gate, const GrantId& id, std::uint32_t channel) {
  Session& session = gate.sessions.at(id);
  const auto found = session.recordings.find(channel);
  if (found == session.recordings.end()) return;
  const auto sum = found->second.finish();
  session.recordings.erase(found);
  if (!sum) log_error("recording: {}", sum.error().message());
  if (sum || !may_work_later(sum.error())) note_closed(gate, session.name, channel, sum);
}

void close_left_over_recordings(Gate& gate) {
  const auto left_over = gate.ledger.open_recordings();  // a copy: closing one changes the set
  for (const auto& [session, channel] : left_over) {
    if (is_running(gate, session)) continue;
    const auto sum = gate.recordings.close_left_over(session, channel);
    if (sum || !may_work_later(sum.error())) note_closed(gate, session, channel, sum);
  }
}

}  // namespace sallyport
