// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/lifecycle.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/sessions.h"

namespace sallyport {

namespace {

bool is_live(const Grant& grant) {
  return grant.state == GrantState::armed || grant.state == GrantState::active;
}

// Only the doors of grants that are live (I1).
std::vector<Endpoint> service_endpoints(const Gate& gate) {
  const auto ports = entry_ports(gate.catalogue.settings);
  std::set<Port> needed;
  for (const auto& [id, grant] : gate.ledger.grants()) {
    if (!is_live(grant)) continue;
    if (offers(grant, Carriage::ssh)) needed.insert(ports.ssh);
    if (offers(grant, Carriage::https) && ports.https) needed.insert(*ports.https);
  }
  std::vector<Endpoint> endpoints;
  for (const auto port : needed)
    for (const auto& address : gate.catalogue.settings.addresses)
      endpoints.push_back({address, port.value()});
  return endpoints;
}

// What the kernel said, or why it could not be asked, which is as much of an alarm.
nlohmann::json lines_of(const Result<std::vector<std::string>>& lines) {
  if (!lines) return nlohmann::json::array({lines.error().message()});
  return nlohmann::json(*lines);
}

// The kernel and the listener follow a grant that was just armed.
Done open_up(Gate& gate, const GrantId& id) {
  RETURN_IF_ERROR(gate.firewall.check_guard());
  const Grant* const grant = gate.ledger.find(id.value());
  RETURN_IF_ERROR(gate.doors.follow(*grant, gate.ledger.deadline(id)));
  gate.ledger.note_closing(
      {"firewall.opened", {{"grant", id.value()}, {"open", lines_of(gate.firewall.inspect())}}});
  return settle(gate);
}

bool reaches_the_same(const Grant& a, const Grant& b, Reach reach) {
  return a.target == b.target && (reach == Reach::hmc || a.managed_system == b.managed_system);
}

bool overlaps(const Service& a, const Service& b) {
  return a.carriage == Carriage::forward && b.carriage == Carriage::forward && a.port == b.port &&
         std::ranges::find_first_of(a.transports, b.transports) != a.transports.end();
}

// The kernel knows a rep by address: of two sessions from one address, a forwarded port can lead to one place
// only. Asked before the claim, so that the grant is not used up by it.
Done no_port_has_two_meanings(const Gate& gate, const Grant& grant, const Address& source) {
  for (const auto& [id, session] : gate.sessions) {
    const Grant& other = *gate.ledger.find(id.value());
    if (other.id == grant.id || !other.peer || other.peer->address != source) continue;
    for (const auto& service : grant.services)
      for (const auto& taken : other.services)
        if (overlaps(service, taken) &&
            !(service.reach == taken.reach && reaches_the_same(grant, other, taken.reach)))
          return fail("port {} is forwarded to {} for {} at that address already", service.port.value(),
                      other.target, other.id.value());
  }
  return {};
}

}  // namespace

Result<GrantId> enable(Gate& gate, const EnableRequest& request, const Actor& actor) {
  if (gate.stopping) return fail("the gate is stopping");
  ASSIGN_OR_RETURN(const auto permit, evaluate(gate.catalogue, request));
  if (gate.ledger.reps().is_suspended(permit.rep))
    return fail("rep '{0}' is suspended (sallyport rep resume {0})", permit.rep);
  RETURN_IF_ERROR(gate.ledger.writable());
  RETURN_IF_ERROR(gate.recordings.room());
  ASSIGN_OR_RETURN(const auto id, gate.ledger.enable(permit, actor));
  if (auto opened = open_up(gate, id); !opened) {
    revoke(gate, id, "gateway", "could not be opened: " + opened.error().message());
    return tl::unexpected{opened.error()};
  }
  return id;
}

void reopen_armed(Gate& gate) {
  std::vector<GrantId> armed;
  for (const auto& [id, grant] : gate.ledger.grants())
    if (grant.state == GrantState::armed) armed.push_back(id);
  for (const auto& id : armed) {
    if (gate.ledger.deadline(id) <= gate.clock.boot())
      expire(gate, id);
    else if (auto opened = open_up(gate, id); !opened)
      revoke(gate, id, "gateway", "could not be opened after a restart: " + opened.error().message());
  }
}

Result<std::string> claim(Gate& gate, const GrantId& id, const Endpoint& peer, PeerId worker,
                          const std::optional<Entry>& accepted) {
  if (gate.stopping) return fail("the gate is stopping");
  if (gate.shut) return fail("the firewall is not in force");
  const Grant* const grant = gate.ledger.find(id.value());
  if (grant == nullptr) return fail("grant {} ended long ago", id.value());  // the login took its time
  RETURN_IF_ERROR(no_port_has_two_meanings(gate, *grant, peer.address));
  RETURN_IF_ERROR(gate.recordings.room());
  ASSIGN_OR_RETURN(auto session, gate.ledger.claim(id, peer, accepted));
  begin_session(gate, id, session, kNoPeer);
  auto narrowed = gate.doors.follow(*gate.ledger.find(id.value()), gate.ledger.deadline(id));
  if (!narrowed) {
    end_session_at_once(gate, id, "the firewall could not be narrowed: " + narrowed.error().message());
    return tl::unexpected{narrowed.error()};
  }
  gate.sessions.at(id).peers.try_emplace(worker);
  return session;
}

void release(Gate& gate, const GrantId& id, const std::string& reason) {
  gate.doors.close_ways(id);
  if (auto released = gate.ledger.release(id, reason); !released) {
    log_error("journal: {}", released.error().message());
    gate.ledger.finish(id, reason, "", {});  // a grant that cannot be given back is spent
  }
  const Grant& grant = *gate.ledger.find(id.value());
  if (grant.state != GrantState::armed) return close_doors(gate, id);
  if (auto opened = gate.doors.follow(grant, gate.ledger.deadline(id)); !opened)
    revoke(gate, id, "gateway", "could not be opened again: " + opened.error().message());
}

void revoke(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason) {
  const Grant* const grant = gate.ledger.find(id.value());
  if (grant == nullptr) return;
  const bool active = grant->state == GrantState::active;
  gate.ledger.revoke(id, by, reason);
  if (active)
    end_session(gate, id, "revoked by " + by + (reason.empty() ? "" : ": " + reason), by);
  else
    close_doors(gate, id);
}

void expire(Gate& gate, std::span<const GrantId> ids) {
  if (ids.empty()) return;
  gate.ledger.expire(ids);
  close_doors(gate, ids);
}

void count_failed_login(Gate& gate, const GrantId& id, const Endpoint& peer, const std::string& rep) {
  gate.ledger.count_failure(id, peer, {"login.failed", {{"rep", rep}}});
  const Grant* const grant = gate.ledger.find(id.value());
  if (grant != nullptr && grant->state == GrantState::locked) close_doors(gate, id);
}

Done unlock(Gate& gate, const GrantId& id, const std::string& by, const std::string& reason) {
  if (gate.stopping) return fail("the gate is stopping");
  RETURN_IF_ERROR(gate.ledger.unlock(id, by, reason));
  if (auto opened = open_up(gate, id); !opened) {
    revoke(gate, id, "gateway", "could not be opened again: " + opened.error().message());
    return tl::unexpected{opened.error()};
  }
  return {};
}

void close_doors(Gate& gate, std::span<const GrantId> ids) {
  for (const auto& id : ids) gate.doors.close(id);
  if (auto settled = settle(gate); !settled) log_error("{}", settled.error().message());
  const auto left = lines_of(gate.firewall.residue());
  std::vector<Entry> entries;
  for (const auto& id : ids) {
    if (!left.empty()) log_error("firewall: still open after {} was closed: {}", id.value(), json_text(left));
    entries.push_back({"firewall.closed", {{"grant", id.value()}, {"left", left}}});
  }
  gate.ledger.note_closing(entries);
}

bool admits(const Gate& gate, const Address& source, Carriage door) {
  if (may_be_joined(gate, source, door)) return true;
  const auto& grants = gate.ledger.grants();
  return std::any_of(grants.begin(), grants.end(), [&](const auto& entry) {
    const Grant& grant = entry.second;
    return grant.state == GrantState::armed &&
           std::any_of(grant.networks.begin(), grant.networks.end(),
                       [&](const Network& network) { return network.contains(source); });
  });
}

Done settle(Gate& gate) {
  if (gate.stopping || gate.shut) return gate.listener->close(), Done{};
  drop_peers_if(gate, [&](const Peer& peer) {
    return peer.is_before_login() && !admits(gate, peer.endpoint().address, peer.door());
  });
  return gate.listener->listen(service_endpoints(gate));
}

}  // namespace sallyport
