// GateProcess: the monitor's own parts put together as run_monitor() does: journal, firewall, ledger, doors,
// in one object that can be killed. Without what peers need: no worker, no control socket, no turning loop.
// Runs in: tests, as root.
#pragma once

#include <fstream>
#include <memory>
#include <vector>

#include "firewall/nft_firewall.h"
#include "gateway/audit/file_journal.h"
#include "gateway/monitor/closed_table.h"
#include "gateway/monitor/firewall_watch.h"
#include "gateway/monitor/gate.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/sessions.h"
#include "tests/catch.h"

namespace sallyport {

template <class Value>
Value must(Result<Value> result) {
  INFO((result ? std::string{} : result.error().message()));
  REQUIRE(result);
  return *std::move(result);
}
inline void must(const Done& done) {
  INFO((done ? std::string{} : done.error().message()));
  REQUIRE(done);
}

// The kernel's power does not fail in these tests, so a record is safe once it is written.
inline FileJournalOptions without_waiting_for_the_disk() {
  FileJournalOptions options;
  options.calls.fdatasync = [](int) { return 0; };
  return options;
}

class GateProcess {
 public:
  GateProcess(const Options& options, const Clock& clock, Random& random, Catalogue catalogue)
      : journal_(must(FileJournal::open(options.state / "journal", clock, without_waiting_for_the_disk()))),
        firewall_(must(NftFirewall::create(clock, catalogue.settings.mark_bit))),
        recordings_(guard_and_open_recordings(options, catalogue)),
        ledger_(must(Ledger::replay(*journal_, clock, random))),
        throttle_(clock, {}),
        gate{loop_, clock,      random,  options,     1,         clock.wall(), std::move(catalogue),
             {},    *firewall_, ledger_, recordings_, throttle_, {},           Doors{*firewall_, {Port{22}, {}}},
             {},    {},         {},      {},          {},        {},           {}},
        keeper(gate) {
    gate.listener = std::make_unique<Listener>(loop_, [](UniqueFd, const Endpoint&, const Endpoint&) {});
    must(ledger_.note({"gateway.started", {}}));
    close_left_over_recordings(gate);
    must(keeper.watch());
    reopen_armed(gate);
  }

  // As SIGKILL does: its descriptors close, in whatever order, and not one line of it runs any more. Its
  // leases must not close anything, so they are kept for ever.
  static void kill(std::unique_ptr<GateProcess> process) {
    static auto& doors = *new std::vector<Doors>;
    static auto& leases = *new std::vector<Lease>;
    doors.push_back(std::move(process->gate.doors));
    for (auto& [id, lease] : process->through) leases.push_back(std::move(lease));
    process->through.clear();
  }

  // As monitor.cpp's tick(), which the loop would call every second.
  void tick() {
    ledger_.retry_unwritten();
    for (const auto& id : ledger_.due())
      if (ledger_.find(id.value())->state != GrantState::active) expire(gate, id);
    keeper.look();
    tend_sessions(gate);
    close_left_over_recordings(gate);
  }

  // As monitor.cpp's Shutdown.
  void stop() {
    gate.stopping = true;
    gate.listener->close();
    std::vector<std::pair<GrantId, bool>> running;
    for (const auto& [id, session] : gate.sessions) running.emplace_back(id, session.ending);
    for (const auto& [id, ending] : running)
      ending ? end_session_at_once(gate, id, "the gateway was stopped")
             : end_session(gate, id, "the gateway was stopped");
    ledger_.note_closing({"gateway.stopped", {{"reason", "asked to stop"}}});
  }

  // The following are what a Peer does for its worker's questions, without the worker and the target
  // (peer_session.cpp, peer_direct.cpp).
  const Target& target_of(const GrantId& id) const {
    return gate.catalogue.targets.at(ledger_.find(id.value())->target);
  }
  Done dial(const GrantId& id, const std::vector<Address>& addresses) {
    return gate.doors.open_dial(id, addresses, target_of(id).ssh_port, ledger_.deadline(id));
  }
  void not_reached(const GrantId& id) {
    const Grant& record = *ledger_.find(id.value());
    ledger_.note_closing({"target.failed", {{"grant", id.value()}, {"session", record.session}}});
    if (record.failed_dial_spends) return spend_session(gate, id, "no answer");
    forget_session(gate, id);
    release(gate, id, "no answer");
  }
  // Whether the session goes on.
  bool connect(const GrantId& id, const Address& answered) {
    must(ledger_.connected(id, {answered, {}, {}}));
    if (auto routed = open_forwards(id, answered); !routed) {
      end_session(gate, id, "the forwarded services could not be opened: " + routed.error().message());
      return false;
    }
    return true;
  }
  Done open_through(const GrantId& id, const Address& answered, Port port) {
    ASSIGN_OR_RETURN(through[id], gate.doors.open_way(answered, port, ledger_.deadline(id)));
    return {};
  }
  // The Peer of a session that is over goes, and its channels' ways with it.
  void drop_ways_of_the_ended() {
    std::erase_if(through, [&](const auto& way) {
      const auto session = gate.sessions.find(way.first);
      return session == gate.sessions.end() || session->second.ending;
    });
  }

 private:
  RecordingStore guard_and_open_recordings(const Options& options, const Catalogue& catalogue) {
    must(firewall_->guard(guarded_by(catalogue)));
    must(store_closed_table(options.state, catalogue));
    return must(RecordingStore::open(options.state));
  }
  Done open_forwards(const GrantId& id, const Address& answered) {
    const Grant& grant = *ledger_.find(id.value());
    ASSIGN_OR_RETURN(const auto forwards,
                     forward_openings(grant, target_of(id), answered, ledger_.deadline(id)));
    if (forwards.empty()) return {};
    RETURN_IF_ERROR(
        ledger_.note({"firewall.forwarded", {{"grant", id.value()}, {"session", grant.session}}}));
    return gate.doors.open_forwards(grant, forwards);
  }

  Loop loop_;
  std::unique_ptr<FileJournal> journal_;
  std::unique_ptr<NftFirewall> firewall_;
  RecordingStore recordings_;
  Ledger ledger_;
  Throttle throttle_;

 public:
  Gate gate;
  FirewallKeeper keeper;
  std::map<GrantId, Lease> through;  // what Peers hold for channels inside SSH
};

}  // namespace sallyport
