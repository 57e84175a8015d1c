// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/core/ledger.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "gateway/audit/segment.h"
#include "gateway/core/journal_format.h"

namespace sallyport {

namespace {

// Crockford's Base32 without upper case: what a person reads aloud and types back without doubt.
constexpr std::string_view kIdAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdLength = 8;
constexpr std::size_t kMostUnwritten = 10'000;  // closing records that wait for the disk
constexpr int kAppendTries = 3;                 // other gates may write to a shared journal in between

bool has_deadline(const Grant& grant) {
  return grant.state == GrantState::armed || grant.state == GrantState::locked ||
         grant.state == GrantState::active;
}

GrantId grant_in(const Record& record) {
  const auto found = record.fields.find("grant");
  return GrantId{found != record.fields.end() && found->is_string() ? found->get<std::string>() : ""};
}

}  // namespace

Result<Ledger> Ledger::replay(Journal& journal, const Clock& clock, Random& random) {
  Ledger ledger{journal, clock, random};
  const auto fold_and_forget = [&ledger](const Record& record) -> Done {
    RETURN_IF_ERROR(ledger.fold(record));
    ledger.forget_ended();  // so that a long history takes no more memory than a short one
    return {};
  };
  RETURN_IF_ERROR(journal.read_from_snapshot(fold_and_forget));
  for (auto& [id, grant] : ledger.grants_) {
    ledger.set_deadline(grant);
    ledger.finish(id, "gateway restarted", "", {});  // does nothing where no session was running
  }
  if (ledger.has_unwritten()) return fail("the journal cannot be written, so nothing may be armed");
  return ledger;
}

Done Ledger::catch_up() {
  return journal_->read(position_, [this](const Record& record) { return fold(record); });
}

Done Ledger::fold(const Record& record) {
  RETURN_IF_ERROR(check_format(record));
  if (record.event == kSegmentEvent) forget();
  if (record.event == kCarriedEvent) RETURN_IF_ERROR(fold_carried(record));
  RETURN_IF_ERROR(apply(record));
  remember(record);
  position_ = {record.seq, record.hash};
  return {};
}

// To the grants, and to the order in which they end.
Done Ledger::apply(const Record& record) {
  const auto id = grant_in(record);
  const bool was_over = is_over(id);
  RETURN_IF_ERROR(fold_into(grants_, record));
  if (!was_over && is_over(id)) ended_.push_back(id);
  return {};
}

// Nothing is to follow: its session, if there was one, is closed, too.
bool Ledger::is_over(const GrantId& id) const {
  const auto found = grants_.find(id);
  return found != grants_.end() && is_terminal(found->second.state) &&
         (found->second.session.empty() || found->second.session_closed);
}

void Ledger::forget_ended() {
  while (ended_.size() > kEndedKept) {
    const auto& id = ended_.front();
    grants_.erase(id);
    enabled_after_.erase(id);
    deadlines_.erase(id);
    armed_until_.erase(id);
    ended_.pop_front();
  }
}

// What the journal tells beside the grants themselves.
void Ledger::remember(const Record& record) {
  const auto& fields = record.fields;
  reps_.fold(record);
  if (record.time > last_time_ && last_time_ != WallTime{}) passed_ += record.time - last_time_;
  last_time_ = record.time;
  if (record.event == "grant.enabled")
    enabled_after_[GrantId{fields.value("grant", std::string{})}] = passed_;
  const auto rep = fields.value("rep", std::string{});
  if (record.event == "login.accepted" && fields.contains("counter"))
    counters_[rep] = fields.value("counter", std::uint64_t{0});
  // A new secret is a new device, which begins to count at 0.
  if (record.event == "rep.enrolled" || record.event == "rep.removed") counters_.erase(rep);
  const auto recording =
      std::pair{fields.value("session", std::string{}), fields.value("channel", std::uint32_t{0})};
  if (record.event == "session.channel" && fields.contains("recording")) open_recordings_.insert(recording);
  if (record.event == "recording.closed") open_recordings_.erase(recording);
}

std::uint64_t Ledger::counter_of(const std::string& rep) const {
  const auto found = counters_.find(rep);
  return found == counters_.end() ? 0 : found->second;
}

// As a replay will read it, which is not always as it was meant: the journal spells large numbers and odd
// bytes in its own way (docs/JOURNAL.md), and a record that only memory can fold would keep the gate from
// starting.
Result<Record> Ledger::as_read_back(const Entry& entry, const Position& position) const {
  ASSIGN_OR_RETURN(auto record, parse_line(to_line(position.seq, clock_->wall(), position_.hash, entry)));
  record.hash = position.hash;
  return record;
}

// What the table of states forbids must not reach the journal; `fold_into` on a copy is the judge.
Done Ledger::judge(std::span<const Entry> entries) const {
  Grants trial;
  for (const auto& entry : entries) {
    if (!entry.fields.contains("grant")) continue;
    if (const Grant* const grant = find(entry.fields["grant"].get<std::string>()))
      trial.try_emplace(grant->id, *grant);
    ASSIGN_OR_RETURN(const auto judged, as_read_back(entry, position_));
    RETURN_IF_ERROR(fold_into(trial, judged));
  }
  return {};
}

Done Ledger::append(std::span<const Entry> entries, Weight weight) {
  retry_unwritten();
  if (has_unwritten()) return fail("earlier records wait for the journal to become writable");
  for (int i = 0; i < kAppendTries; ++i) {
    if (journal_->head() != position_) RETURN_IF_ERROR(catch_up());
    RETURN_IF_ERROR(judge(entries));
    auto written = journal_->append_all(entries, weight, position_);
    if (!written && journal_->head() != position_) continue;
    if (!written) return tl::unexpected{std::move(written).error()};
    for (std::size_t n = 0; n < entries.size(); ++n) {
      const auto record = as_read_back(entries[n], (*written)[n]);
      our_bug(!record || !fold(*record), "a record that was judged possible cannot be applied");
      if (listener_) listener_(*record);
    }
    keep_segments_short();
    return {};
  }
  return fail("the journal changes faster than this gate can write to it");
}

void Ledger::append_closing(const Entry& entry) {
  auto done = append(entry, Weight::closing);
  if (done) return;
  log_error("journal: {}: {} takes effect unrecorded and will be recorded when possible",
            done.error().message(), entry.event);
  const auto record = as_read_back(entry, position_);
  if (!record || !apply(*record)) return log_error("journal: {} cannot follow what is recorded", entry.event);
  if (unwritten_.size() < kMostUnwritten)
    unwritten_.push_back(entry);
  else
    log_error("journal: {} will not be recorded: {} records are waiting already", entry.event,
              kMostUnwritten);
}

// Together if that is possible; else one by one, as far as they fit on the disk.
void Ledger::append_closing(std::span<const Entry> entries) {
  if (entries.empty() || (entries.size() > 1 && append(entries, Weight::closing))) return;
  for (const auto& entry : entries) append_closing(entry);
}

void Ledger::retry_unwritten() {
  while (!unwritten_.empty()) {
    const Entry entry = unwritten_.front();
    auto written = journal_->append(entry, Weight::closing);
    if (!written) return;
    const auto record = as_read_back(entry, *written);
    position_ = *written;
    unwritten_.pop_front();
    if (record) remember(*record);
    if (record && listener_) listener_(*record);
  }
}

Done Ledger::note(const Entry& entry) { return append(entry, Weight::opening); }

void Ledger::note_closing(const Entry& entry) { append_closing(entry); }

void Ledger::note_closing(std::span<const Entry> entries) { append_closing(entries); }

std::string Ledger::fresh_id(std::string_view prefix) {
  return fmt::format("{}{}", prefix, random_text(*random_, kIdAlphabet, kIdLength));
}

Result<const Grant*> Ledger::in_state(const GrantId& id, GrantEvent event) const {
  const auto found = grants_.find(id);
  if (found == grants_.end()) return fail("no grant {}", id.value());
  if (!next(found->second.state, event))
    return fail("grant {} is {}", id.value(), to_text(found->second.state));
  return &found->second;
}

// How much of its time a grant has used up: what passed between the journal's records since it was enabled,
// and since the last one. A clock that is set back takes nothing off that, only forward steps add to it.
BootClock::duration Ledger::age(const GrantId& id) const {
  const auto begun = enabled_after_.find(id);
  if (begun == enabled_after_.end()) return {};
  return passed_ - begun->second + std::max(clock_->wall() - last_time_, BootClock::duration{0});
}

void Ledger::set_deadline(const Grant& grant) {
  const bool waits = grant.state == GrantState::armed || grant.state == GrantState::locked;
  if (!waits) return;  // an active one's was set when it was claimed
  // A wall clock that was set back must not lengthen a grant over a restart; set forward, it may shorten it.
  const auto left =
      std::min(grant.connect_by - clock_->wall(), grant.connect_by - grant.enabled_at - age(grant.id));
  const auto deadline = clock_->boot() + left;
  // Nor may giving a grant back, with the wall clock set back in between: the first deadline stands.
  deadlines_[grant.id] = std::min(deadline, armed_until_.try_emplace(grant.id, deadline).first->second);
}

Result<GrantId> Ledger::enable(const Permit& permit, const Actor& actor) {
  Grant grant;
  grant.id = GrantId{fresh_id("g-")};
  // Of those that memory has forgotten none comes again either: 40 random bits.
  if (grants_.contains(grant.id)) return fail("could not draw a fresh grant id; try again");
  grant.rep = permit.rep;
  grant.target = permit.target;
  grant.policy = permit.policy;
  grant.managed_system = permit.managed_system;
  grant.services = permit.services;
  grant.networks = permit.networks;
  grant.session_limit = permit.session;
  grant.idle_limit = permit.idle;
  grant.failed_logins_limit = permit.failed_logins;
  grant.failed_dial_spends = permit.failed_dial_spends;
  grant.user_verification = permit.user_verification;
  grant.ticket = permit.ticket;
  grant.reason = permit.reason;
  grant.enabled_by = actor.name;
  grant.connect_by = clock_->wall() + permit.connect_within;
  const auto deadline = clock_->boot() + permit.connect_within;
  RETURN_IF_ERROR(append(grant_enabled(grant, actor.uid), Weight::opening));
  deadlines_[grant.id] = armed_until_[grant.id] = deadline;
  return grant.id;
}

Result<std::string> Ledger::claim(const GrantId& id, const Endpoint& peer,
                                  const std::optional<Entry>& accepted) {
  ASSIGN_OR_RETURN(const Grant* const grant, in_state(id, GrantEvent::claim));
  if (deadline(id) <= clock_->boot()) return fail("grant {} has expired", id.value());
  // Again, for a try that began before its source had failed too often.
  if (grant->failed_logins.bars(peer.address, grant->failed_logins_limit))
    return fail("too many logins from {} failed", peer.address.text());
  const auto session = fresh_id("s-");
  const auto boot = clock_->boot();
  const auto limit = grant->session_limit;
  std::vector<Entry> entries;
  if (accepted) entries.push_back(*accepted);
  entries.push_back(grant_claimed(*grant, session, peer, clock_->wall() + limit));
  RETURN_IF_ERROR(append(entries, Weight::opening));
  deadlines_[id] = boot + limit;
  return session;
}

Done Ledger::connected(const GrantId& id, const Connection& connection) {
  ASSIGN_OR_RETURN(const Grant* const grant, in_state(id, GrantEvent::finish));
  return append(session_connected(*grant, connection), Weight::opening);
}

Done Ledger::release(const GrantId& id, const std::string& reason) {
  ASSIGN_OR_RETURN(const Grant* const grant, in_state(id, GrantEvent::release));
  if (grant->connected) return fail("grant {} has been used", id.value());
  if (grant->failed_dial_spends)
    return fail("the policy of grant {} counts a failed dial as use", id.value());
  RETURN_IF_ERROR(append(grant_released(*grant, reason), Weight::closing));
  set_deadline(grants_.at(id));
  return {};
}

void Ledger::finish(const GrantId& id, const std::string& reason, const std::string& by,
                    const Counters& counters) {
  const auto found = grants_.find(id);
  if (found == grants_.end()) return;
  const Grant& grant = found->second;
  const bool running = grant.state == GrantState::active || grant.state == GrantState::revoked;
  if (!running || grant.session.empty() || grant.session_closed) return;
  append_closing(session_ended(grant, reason, by, counters));
}

void Ledger::revoke(const GrantId& id, const std::string& by, const std::string& reason) {
  if (auto grant = in_state(id, GrantEvent::revoke)) append_closing(grant_revoked(**grant, by, reason));
}

void Ledger::expire(std::span<const GrantId> ids) {
  std::vector<Entry> entries;
  for (const auto& id : ids)
    if (auto grant = in_state(id, GrantEvent::deadline)) entries.push_back(grant_expired(**grant));
  append_closing(entries);
}

void Ledger::count_failure(const GrantId& id, const Endpoint& peer, Entry login_failed) {
  const auto bars = [&] {
    const auto armed = in_state(id, GrantEvent::lock);
    return armed && (*armed)->failed_logins.bars(peer.address, (*armed)->failed_logins_limit);
  };
  const bool barred_before = bars();
  login_failed.fields["grant"] = id.value();
  login_failed.fields["peer"] = peer.text();
  // Strangers cause these, so they may not use up the reserve that closing records live on; they count all
  // the same.
  if (!append(login_failed, Weight::opening))
    if (const auto record = as_read_back(login_failed, position_)) (void)fold_into(grants_, *record);
  const auto found = in_state(id, GrantEvent::lock);
  if (!found) return;
  const Grant& grant = **found;
  if (grant.failed_logins.lock(grant.networks, grant.failed_logins_limit))
    return append_closing(grant_locked(grant));
  // The bar follows from the failures; this record tells people.
  if (bars() && !barred_before) (void)append(grant_barred(grant, peer.address), Weight::opening);
}

Done Ledger::unlock(const GrantId& id, const std::string& by, const std::string& reason) {
  ASSIGN_OR_RETURN(const Grant* const grant, in_state(id, GrantEvent::unlock));
  if (deadline(id) <= clock_->boot()) return fail("grant {} has expired", id.value());
  return append(grant_unlocked(*grant, by, reason), Weight::opening);
}

const Grant* Ledger::find(std::string_view grant_or_session) const {
  if (const auto found = grants_.find(GrantId{std::string{grant_or_session}}); found != grants_.end())
    return &found->second;
  for (const auto& [id, grant] : grants_)
    if (!grant.session.empty() && grant.session == grant_or_session) return &grant;
  return nullptr;
}

bool Ledger::awaits(const Grant& grant, std::string_view rep, std::string_view target,
                    const Address& source) const {
  if (grant.state != GrantState::armed || grant.rep != rep || deadline(grant.id) <= clock_->boot())
    return false;
  if (!target.empty() && grant.target != target) return false;
  return std::any_of(grant.networks.begin(), grant.networks.end(),
                     [&](const Network& network) { return network.contains(source); });
}

const Grant* Ledger::admissible(std::string_view rep, std::string_view target, const Address& source,
                                std::optional<Carriage> door) const {
  const Grant* best = nullptr;
  for (const auto& [id, grant] : grants_)
    if (awaits(grant, rep, target, source) && (!door || offers(grant, *door)) &&
        !grant.failed_logins.bars(source, grant.failed_logins_limit) &&
        (best == nullptr || grant.connect_by < best->connect_by))
      best = &grant;
  return best;
}

const Grant* Ledger::awaited(std::string_view rep, std::string_view target, const Address& source,
                             std::optional<Carriage> door) const {
  const Grant* best = nullptr;
  for (const auto& [id, grant] : grants_)
    if (awaits(grant, rep, target, source) && (!door || offers(grant, *door)) &&
        (best == nullptr || grant.connect_by < best->connect_by))
      best = &grant;
  return best;
}

BootTime Ledger::deadline(const GrantId& id) const {
  const auto found = deadlines_.find(id);
  return found == deadlines_.end() ? BootTime{} : found->second;
}

std::vector<GrantId> Ledger::due() const {
  std::vector<GrantId> due;
  for (const auto& [id, grant] : grants_)
    if (has_deadline(grant) && deadline(id) <= clock_->boot()) due.push_back(id);
  return due;
}

}  // namespace sallyport
