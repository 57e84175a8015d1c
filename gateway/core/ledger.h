// Ledger: grants and sessions as a fold over the journal. Start-up replays the journal, so records and state
// cannot disagree; every change is journaled first, then folded in like any other record (I2, I5).
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "gateway/audit/journal.h"
#include "gateway/core/grant.h"
#include "gateway/core/grant_record.h"
#include "gateway/core/rep_memory.h"
#include "policies/evaluate.h"

namespace sallyport {

// Who did it: the account behind the console's socket.
struct Actor {
  std::uint32_t uid = 0;
  std::string name;
};

class Ledger {
 public:
  // Replays the journal. Sessions that an earlier monitor left active end here, with reason
  // "gateway restarted": nothing of theirs can still be open (I4).
  static Result<Ledger> replay(Journal& journal, const Clock& clock, Random& random);

  Result<GrantId> enable(const Permit& permit, const Actor& actor);
  // The single use (I2): one conditional append, `accepted` and the claim together. Returns the session's
  // name.
  Result<std::string> claim(const GrantId& id, const Endpoint& peer,
                            const std::optional<Entry>& accepted = std::nullopt);
  Done connected(const GrantId& id, const Connection& connection);
  // The target was not reached: armed again until its deadline. Refused where the policy counts that as use.
  Done release(const GrantId& id, const std::string& reason);
  // The following close. They take effect in memory even when the journal cannot be written: a full disk
  // must not hold a door open. The record follows as soon as it can be written.
  void finish(const GrantId& id, const std::string& reason, const std::string& by, const Counters& counters);
  void revoke(const GrantId& id, const std::string& by, const std::string& reason);
  void expire(std::span<const GrantId> ids);  // of grants that end at the same time: one act, one sync
  void expire(const GrantId& id) { expire({&id, 1}); }
  // A failed login from `peer` on a known rep's armed grant; bars that source, or locks the grant, when it
  // was one too many (gateway/core/failed_logins.h).
  void count_failure(const GrantId& id, const Endpoint& peer, Entry login_failed);
  // Forgets the failures of an armed or locked grant: armed, if its time has not passed.
  Done unlock(const GrantId& id, const std::string& by, const std::string& reason);

  // A note that changes no grant: refused when it cannot be written, and so is what it was to precede.
  Done note(const Entry& entry);
  // The same of something that is closing: it waits for the disk if it must.
  void note_closing(const Entry& entry);
  void note_closing(std::span<const Entry> entries);
  // History that is older than the journal's last snapshot, the oldest first; and its deletion for good,
  // which `word` puts on record before.
  Result<std::optional<OldSegment>> oldest_segment() const { return journal_->oldest_segment(); }
  Done delete_segment(const OldSegment& oldest, const Entry& word);
  // Begins a segment of the journal where one is due.
  void keep_segments_short();
  // Of the grants that are over, memory keeps those that ended last; the journal has the rest. Called between
  // commands and never by a fold, so that no grant vanishes under whoever works with it.
  static constexpr std::size_t kEndedKept = 256;
  void forget_ended();
  // Writes closing records that could not be written before.
  void retry_unwritten();
  bool has_unwritten() const noexcept { return !unwritten_.empty(); }
  Done writable() { return journal_->writable(); }

  const Grant* find(std::string_view grant_or_session) const;
  const Grants& grants() const noexcept { return grants_; }
  // The armed grant that this rep may use from this address; of several the one that ends first.
  // `target` narrows the choice; empty means any.
  // `door`: where the rep logs in; nothing: any.
  const Grant* admissible(std::string_view rep, std::string_view target, const Address& source,
                          std::optional<Carriage> door = {}) const;
  // The same also from a source that is barred from it: for what a peer is shown, which a bar must not
  // change.
  const Grant* awaited(std::string_view rep, std::string_view target, const Address& source,
                       std::optional<Carriage> door = {}) const;
  // When an armed grant's time to connect ends, or an active one's session.
  BootTime deadline(const GrantId& id) const;
  // Armed, locked and active grants whose time has come.
  std::vector<GrantId> due() const;
  Position head() const { return position_; }
  // The next counter of a rep's OCRA device (suites with C); 0 before the first login.
  std::uint64_t counter_of(const std::string& rep) const;
  const RepMemory& reps() const noexcept { return reps_; }
  // Recordings (session, channel) that were begun and never closed.
  const std::set<std::pair<std::string, std::uint32_t>>& open_recordings() const noexcept {
    return open_recordings_;
  }

  // Called with each record after it was written and folded in.
  void on_record(std::function<void(const Record&)> listener) { listener_ = std::move(listener); }

 private:
  Ledger(Journal& journal, const Clock& clock, Random& random)
      : journal_(&journal), clock_(&clock), random_(&random) {}
  Done catch_up();
  Done fold(const Record& record);
  Done apply(const Record& record);
  bool is_over(const GrantId& id) const;
  void remember(const Record& record);
  // ledger_snapshot.cpp: what a segment of the journal carries over from those before.
  std::vector<const Grant*> worth_carrying() const;
  std::vector<Entry> snapshot() const;
  void forget();
  Done fold_carried(const Record& record);
  Done judge(std::span<const Entry> entries) const;
  Done append(std::span<const Entry> entries, Weight weight);  // one act: one sync for all of them
  Done append(const Entry& entry, Weight weight) { return append({&entry, 1}, weight); }
  void append_closing(const Entry& entry);
  void append_closing(std::span<const Entry> entries);
  Result<Record> as_read_back(const Entry& entry, const Position& position) const;
  BootClock::duration age(const GrantId& id) const;
  void set_deadline(const Grant& grant);
  Result<const Grant*> in_state(const GrantId& id, GrantEvent event) const;
  std::string fresh_id(std::string_view prefix);
  bool awaits(const Grant& grant, std::string_view rep, std::string_view target, const Address& source) const;

  Journal* journal_;
  const Clock* clock_;
  Random* random_;
  Position position_;
  Grants grants_;
  std::map<std::string, std::uint64_t> counters_;
  RepMemory reps_;
  std::set<std::pair<std::string, std::uint32_t>> open_recordings_;
  WallTime last_time_;                                    // of the last record
  BootClock::duration passed_{0};                         // all steps forward from record to record
  std::map<GrantId, BootClock::duration> enabled_after_;  // passed_ when each grant was enabled
  std::map<GrantId, BootTime> deadlines_;
  std::map<GrantId, BootTime> armed_until_;  // the first deadline of each, however often it was given back
  std::deque<GrantId> ended_;                // of grants_, in the order of their ends
  std::deque<Entry> unwritten_;
  std::function<void(const Record&)> listener_;
};

}  // namespace sallyport
