// Grant: an admin's one-time permission, and the table of its states. Pure; runs in: sallyportd.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/strong.h"
#include "gateway/core/failed_logins.h"
#include "policies/service.h"

namespace sallyport {

using GrantId = Strong<struct GrantIdTag, std::string>;  // "g-7k3m9q2x": 8 characters of Crockford's Base32

enum class GrantState : std::uint8_t { pending, scheduled, armed, active, expired, locked, revoked, spent };
enum class GrantEvent : std::uint8_t {
  approve,
  approve_for_later,
  start,
  claim,
  release,
  deadline,
  lock,
  revoke,
  finish,
  unlock
};

// DESIGN "Lifecycle of a grant". What is not listed is refused; terminal states have no row of their own.
struct GrantEdge {
  GrantState from;
  GrantEvent on;
  GrantState to;
};
inline constexpr std::array kGrantEdges{
    GrantEdge{GrantState::pending, GrantEvent::approve, GrantState::armed},
    GrantEdge{GrantState::pending, GrantEvent::approve_for_later, GrantState::scheduled},
    GrantEdge{GrantState::pending, GrantEvent::revoke, GrantState::revoked},
    GrantEdge{GrantState::scheduled, GrantEvent::start, GrantState::armed},
    GrantEdge{GrantState::scheduled, GrantEvent::revoke, GrantState::revoked},
    GrantEdge{GrantState::armed, GrantEvent::claim, GrantState::active},
    GrantEdge{GrantState::armed, GrantEvent::deadline, GrantState::expired},
    GrantEdge{GrantState::armed, GrantEvent::lock, GrantState::locked},
    // An admin's word: those who were closed out may try again.
    GrantEdge{GrantState::armed, GrantEvent::unlock, GrantState::armed},
    GrantEdge{GrantState::locked, GrantEvent::unlock, GrantState::armed},
    GrantEdge{GrantState::locked, GrantEvent::deadline, GrantState::expired},
    GrantEdge{GrantState::locked, GrantEvent::revoke, GrantState::revoked},
    GrantEdge{GrantState::armed, GrantEvent::revoke, GrantState::revoked},
    // The target could not be reached before one byte was relayed, and the policy does not count that as use.
    GrantEdge{GrantState::active, GrantEvent::release, GrantState::armed},
    GrantEdge{GrantState::active, GrantEvent::revoke, GrantState::revoked},
    GrantEdge{GrantState::active, GrantEvent::finish, GrantState::spent},
};

constexpr std::optional<GrantState> next(GrantState from, GrantEvent on) {
  for (const auto& edge : kGrantEdges)
    if (edge.from == from && edge.on == on) return edge.to;
  return std::nullopt;
}
constexpr bool is_terminal(GrantState state) {
  for (const auto& edge : kGrantEdges)
    if (edge.from == state) return false;
  return true;
}
static_assert(!next(GrantState::spent, GrantEvent::claim), "a grant works once");
static_assert(!next(GrantState::active, GrantEvent::claim), "a grant admits one session at a time");
static_assert(!next(GrantState::pending, GrantEvent::claim), "an unapproved grant admits nobody");
static_assert(!next(GrantState::scheduled, GrantEvent::claim), "a grant admits nobody before its time");
static_assert(!next(GrantState::locked, GrantEvent::claim), "a locked grant admits nobody");
static_assert(is_terminal(GrantState::expired) && is_terminal(GrantState::revoked) &&
              is_terminal(GrantState::spent));

const char* to_text(GrantState state) noexcept;
std::optional<GrantState> grant_state_from(std::string_view text) noexcept;

// What the kernel counted for one service: in from the rep, out to the rep; bytes with their IP headers.
struct ServiceTraffic {
  std::string service;
  Transport transport = Transport::tcp;
  std::uint64_t in_packets = 0, in_bytes = 0, out_packets = 0, out_bytes = 0;
  bool operator==(const ServiceTraffic&) const = default;
};

// Files that went one way by sftp or scp, and their bytes.
enum class FileDirection : std::uint8_t { to_target, from_target };
struct FileTotals {
  FileDirection direction = FileDirection::to_target;
  std::uint64_t count = 0, bytes = 0;
  bool operator==(const FileTotals&) const = default;
};

struct Grant {
  GrantId id;
  std::string rep, target, policy;
  std::string managed_system;  // empty: no service reaches one
  // What the session opens: name, carriage, transports, port, reach, translate_source. The journal keeps no
  // more of them: why a service was allowed is the policy's business, and decided.
  std::vector<Service> services;
  std::vector<Network> networks;  // where the rep may come from
  std::chrono::seconds session_limit{};
  std::chrono::seconds idle_limit{};
  std::uint32_t failed_logins_limit = 0;
  bool failed_dial_spends = false;
  bool user_verification = false;  // a signature counts only by a security key with PIN or fingerprint
  std::string ticket, reason;      // as the admin wrote them
  std::string enabled_by;          // account name of the admin
  WallTime enabled_at, connect_by;

  GrantState state = GrantState::armed;
  FailedLogins failed_logins;

  // While active and after: the session.
  std::string session;  // "s-…"; empty before the claim
  std::optional<Endpoint> peer;
  WallTime claimed_at, end_by, ended_at;
  bool connected = false;       // the target has let the rep in; from here there is no way back to armed
  bool session_closed = false;  // session.ended is in the journal
  std::uint64_t to_target = 0, from_target = 0;  // bytes relayed by the SSH proxy
  std::vector<ServiceTraffic> traffic;           // as counted when it ended
  std::vector<FileTotals> files;                 // the same
  std::string end_reason;
};

// Whether a rep logs in for it at that door: `ssh` or `https`.
bool offers(const Grant& grant, Carriage door);

}  // namespace sallyport
