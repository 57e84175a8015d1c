// What the journal's events mean for a grant: the fold's single step, and the entries it understands.
// Pure; runs in: sallyportd.
#pragma once

#include <map>

#include "gateway/audit/record.h"
#include "gateway/core/grant.h"

namespace sallyport {

struct Counters {
  std::uint64_t to_target = 0, from_target = 0;  // bytes relayed by the SSH proxy
  std::vector<ServiceTraffic> traffic = {};      // of the services, one entry a transport
  std::vector<FileTotals> files = {};            // at most one entry a direction
};

using Grants = std::map<GrantId, Grant>;

// Applies one record. A record that is no grant's business changes nothing; one that contradicts the table
// of states is an error: the journal says what cannot have happened, so nothing may be built on it.
Done fold_into(Grants& grants, const Record& record);

// Entries, as docs/JOURNAL.md lists them.
Entry grant_enabled(const Grant& grant, std::uint32_t uid);
Entry grant_claimed(const Grant& grant, const std::string& session, const Endpoint& peer, WallTime end_by);
Entry grant_released(const Grant& grant, const std::string& reason);
Entry grant_expired(const Grant& grant);
Entry grant_locked(const Grant& grant);
Entry grant_barred(const Grant& grant, const Address& from);
Entry grant_unlocked(const Grant& grant, const std::string& by, const std::string& reason);
Entry grant_revoked(const Grant& grant, const std::string& by, const std::string& reason);
// What the two ends of an SSH connection agreed on, as the worker tells it.
// Of an SSH connection; of a TLS one, the version stands for the key exchange, and the MAC is the cipher's
// own.
struct Leg {
  std::string key_exchange, cipher, mac;
};
struct Connection {
  Address target;
  Leg rep, on_target;
  bool legacy = false;  // the target's file allows SHA-1, CBC and the like
  Carriage door = Carriage::ssh;
};
Entry session_connected(const Grant& grant, const Connection& connection);
Entry session_ended(const Grant& grant, const std::string& reason, const std::string& by,
                    const Counters& counters);

}  // namespace sallyport
