// Gate: what the monitor's parts share. Data only; the verbs are in lifecycle.h, sessions.h, peer.h and the
// control commands. One object, made in monitor.cpp, passed by reference.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <map>
#include <memory>

#include "auth/throttle.h"
#include "base/random.h"
#include "firewall/firewall.h"
#include "gateway/audit/recording_store.h"
#include "gateway/core/ledger.h"
#include "gateway/monitor/control_server.h"
#include "gateway/monitor/dial.h"
#include "gateway/monitor/door_certificate.h"
#include "gateway/monitor/doors.h"
#include "gateway/core/host_keys.h"
#include "gateway/monitor/listener.h"
#include "gateway/monitor/loop.h"
#include "gateway/monitor/options.h"
#include "gateway/monitor/session.h"
#include "gateway/monitor/worker_process.h"
#include "policies/catalogue.h"

namespace sallyport {

class Peer;

struct Gate {
  Loop& loop;
  const Clock& clock;
  Random& random;
  const Options& options;
  Incarnation incarnation;
  WallTime started_at;

  Catalogue catalogue;
  HostKeys host_keys;
  Firewall& firewall;
  Ledger& ledger;
  RecordingStore& recordings;
  Throttle& throttle;
  Workers workers;
  Doors doors;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<ControlServer> control;

  std::vector<pid_t> ended_helpers;  // killed, to be reaped; before the peers, which add to it as they go
  std::map<PeerId, std::unique_ptr<Peer>> peers;
  std::vector<std::unique_ptr<Peer>> stopped_peers;  // destroyed from the loop, never under their own feet
  std::map<GrantId, Session> sessions;
  struct Scan {
    std::unique_ptr<Dial> dial;
    Lease lease;
  };
  std::map<std::uint64_t, Scan> scans;  // by control connection
  PeerId next_peer = kNoPeer + 1;
  bool stopping = false;  // nothing is opened any more
  bool shut = false;      // the firewall could not be repaired: nobody is let in until it can
  std::optional<DoorCertificate> certificate{};  // of the HTTPS door, where there is one
  Secret decoy_key{};                            // for unknown names (auth/decoy.h); the same after a restart
};

}  // namespace sallyport
