// What happens to a grant, told once: journal first, then the kernel, then who listens (DESIGN "Lifecycle of
// a grant", I4, I5). Opening and closing side by side. Runs in: sallyportd (privileged). Never reads a peer's
// bytes.
#pragma once

#include <span>

#include "gateway/monitor/gate.h"

namespace sallyport {

// Arms a grant and opens the way in for its networks. When the way cannot be opened the grant is revoked
// again.
Result<GrantId> enable(Gate& gate, const EnableRequest& request, const Actor& actor);
// Opens the way in for the grants that a restart found armed.
void reopen_armed(Gate& gate);
// The first complete login: journaled (with `accepted`, in one act), then narrowed to the rep's address, and
// `worker` has the session. Returns the session's name. When the way cannot be narrowed the session has
// ended, and the worker is told no.
Result<std::string> claim(Gate& gate, const GrantId& id, const Endpoint& peer, PeerId worker,
                          const std::optional<Entry>& accepted = std::nullopt);
// The target was not reached: armed again, and open again for its networks.
void release(Gate& gate, const GrantId& id, const std::string& reason);

// An armed grant is closed at once; an active one through end_session (sessions.h).
void revoke(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason);
// Armed grants whose time has come, together: one sync for all records of a kind, one look at the kernel.
void expire(Gate& gate, std::span<const GrantId> ids);
inline void expire(Gate& gate, const GrantId& id) { expire(gate, {&id, 1}); }
void count_failed_login(Gate& gate, const GrantId& id, const Endpoint& peer, const std::string& rep);
// Armed again, and open again for its networks, for whoever was closed out.
Done unlock(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason);

// Closes what is open for a grant that is over, looks whether the kernel still holds something, journals it.
void close_doors(Gate& gate, std::span<const GrantId> ids);
inline void close_doors(Gate& gate, const GrantId& id) { close_doors(gate, {&id, 1}); }
// Whether an armed grant lets this source in.
bool admits(const Gate& gate, const Address& source, Carriage door);
// Makes the listener, and the connections that have not logged in, follow the grants.
Done settle(Gate& gate);

}  // namespace sallyport
