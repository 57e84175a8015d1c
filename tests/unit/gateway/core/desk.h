// What the tests of the ledger begin with: a permit, and a ledger on a journal in memory. Runs in: tests.
#pragma once

#include <string>
#include <vector>

#include "gateway/core/ledger.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_journal.h"

namespace sallyport {

inline const Actor kAlice{1000, "alice"};
inline const Endpoint kPeer = *Endpoint::parse("192.0.2.10:50000");

// 30 minutes to connect, a session of 4 hours, 3 failed logins, ticket CHG-1.
inline Permit permit_for(const std::string& rep = "kim", const std::string& target = "hmc1",
                         const std::vector<std::string>& networks = {"192.0.2.0/24", "2001:db8:1::/64"}) {
  using namespace std::chrono_literals;
  Permit permit;
  permit.rep = rep;
  permit.target = target;
  permit.policy = "hmc-ssh";
  for (const auto& network : networks) permit.networks.push_back(*Network::parse(network));
  permit.connect_within = 30min;
  permit.session = 4h;
  permit.idle = 30min;
  permit.failed_logins = 3;
  permit.ticket = "CHG-1";
  return permit;
}

struct Desk {
  FakeClock clock;
  SystemRandom random;
  MemoryJournal journal{clock};
  Ledger ledger = *Ledger::replay(journal, clock, random);

  Ledger restart() { return *Ledger::replay(journal, clock, random); }
  GrantState state(const GrantId& id) { return ledger.find(id.value())->state; }
};

}  // namespace sallyport
