// Sessions: how one begins, is tended and ends: its recordings, its idle clock, its one way out (I6, I10).
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include "gateway/monitor/gate.h"

namespace sallyport {

// For the worker to tell a rep who has yet to open a channel why there is no session.
inline constexpr std::chrono::seconds kLastWordsTime{8};

// The grant's policy; the strictest there is when it was removed while its session runs.
Policy policy_of(const Gate& gate, const Grant& grant);

// Starts keeping a claimed grant's session.
void begin_session(Gate& gate, const GrantId& id, const std::string& name, PeerId peer);
// The session that this rep, from this address, may join by this door: it runs, its grant offers the door,
// and nobody is in by it. `target` may be empty.
const Grant* joinable(const Gate& gate, std::string_view rep, std::string_view target, const Address& source,
                      Carriage door);
// Whether anybody from there could.
bool may_be_joined(const Gate& gate, const Address& source, Carriage door);
// A second login of the same rep. The session's time, limits and record are one. Journaled first.
Done join_session(Gate& gate, const GrantId& id, const Peer& peer, const Entry& accepted);
// One login is over: of several the others go on; with the last one the session ends.
void leave_session(Gate& gate, const GrantId& id, PeerId peer, const std::string& reason);
// What a login has relayed so far.
void count_relayed(Session& session, PeerId peer, const Counters& counters);
// The target was never reached: forgets the session without a use of the grant.
void forget_session(Gate& gate, const GrantId& id);

// Holds what the rep sends, but not what it is shown, until resume_session() or the end; its longest time
// runs on, its idle clock does not. What the kernel forwards is not held. An Error when there is nothing to
// do.
Done pause_session(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason);
Done resume_session(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason);

// The one way out (I10), whatever the reason: the way to the target is cut at once, the rep is told and has a
// second to hear it, then everything is closed, looked after and journaled. Does nothing the second time.
void end_session(Gate& gate, const GrantId& id, const std::string& reason, const std::string& by = "");
// The target was not reached and the policy counts that as use: the worker tells the rep why and leaves.
void spend_session(Gate& gate, const GrantId& id, const std::string& reason);
// Nobody is left to be told.
void end_session_at_once(Gate& gate, const GrantId& id, const std::string& reason);

// Once a second: idle and longest time, warnings 15, 5 and 1 minutes before, room for the record (I6).
void tend_sessions(Gate& gate);

// Recordings without a running session that no recording.closed seals yet: of a gate that was killed, or
// closed while the disk failed. What is there now is what is sealed (I6).
void close_left_over_recordings(Gate& gate);

// A recording's last bytes are hashed and journaled; while the disk fails, that is left for later.
void close_recording(Gate& gate, const GrantId& id, std::uint32_t channel);

}  // namespace sallyport
