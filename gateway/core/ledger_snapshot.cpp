// What a Ledger carries from one segment of the journal to the next, and how it finds it again.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include <algorithm>

#include "base/log.h"
#include "gateway/audit/segment.h"
#include "gateway/core/grant_snapshot.h"
#include "gateway/core/ledger.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostInARecord = 256;  // names of at most 64 bytes: far from the longest line

Entry carried(const char* key, Json value) { return {std::string{kCarriedEvent}, {{key, std::move(value)}}}; }

}  // namespace

// Every live grant, then those that ended last, in the order of their ends.
std::vector<const Grant*> Ledger::worth_carrying() const {
  std::vector<const Grant*> found;
  for (const auto& [id, grant] : grants_)
    if (!is_over(id)) found.push_back(&grant);
  const auto forgotten = ended_.size() - std::min(ended_.size(), kEndedKept);
  for (auto i = forgotten; i < ended_.size(); ++i) found.push_back(&grants_.at(ended_[i]));
  return found;
}

std::vector<Entry> Ledger::snapshot() const {
  std::vector<Entry> entries;
  for (const auto* const grant : worth_carrying()) {
    auto value = grant_snapshot(*grant);
    // What it has used up of its time: age() counts from record to record, and these are not read again.
    if (enabled_after_.contains(grant->id))
      value["age"] = static_cast<std::uint64_t>(std::max<std::int64_t>(age(grant->id).count(), 0));
    entries.push_back(carried("live", std::move(value)));
  }
  for (auto& rep : reps_.snapshot()) entries.push_back(carried("of_rep", std::move(rep)));
  auto counters = Json::object();
  for (const auto& [rep, counter] : counters_) {
    counters[rep] = counter;
    if (counters.size() == kMostInARecord)
      entries.push_back(carried("counters", std::exchange(counters, Json::object())));
  }
  if (!counters.empty()) entries.push_back(carried("counters", std::move(counters)));
  auto recordings = Json::array();
  for (const auto& [session, channel] : open_recordings_) {
    recordings.push_back({{"session", session}, {"channel", channel}});
    if (recordings.size() == kMostInARecord)
      entries.push_back(carried("recordings", std::exchange(recordings, Json::array())));
  }
  if (!recordings.empty()) entries.push_back(carried("recordings", std::move(recordings)));
  return entries;
}

// Between acts, when memory and journal agree; then memory is what the new segment carries, and stays as it
// is. A failure is no reason to refuse anything: the old segment goes on, and a start reads more of it.
void Ledger::keep_segments_short() {
  if (!journal_->snapshot_due() || has_unwritten() || journal_->head() != position_) return;
  if (auto done = journal_->append_snapshot(snapshot()); !done)
    log_warning("journal: no new segment: {}", done.error().message());
  position_ = journal_->head();
}

Done Ledger::delete_segment(const OldSegment& oldest, const Entry& word) {
  RETURN_IF_ERROR(note(word));
  return journal_->delete_segment(oldest);
}

// A segment's first record: what was is now what is carried.
void Ledger::forget() {
  grants_.clear();
  enabled_after_.clear();
  ended_.clear();
  counters_.clear();
  reps_ = {};
  open_recordings_.clear();
}

Done Ledger::fold_carried(const Record& record) {
  if (const auto live = record.fields.find("live"); live != record.fields.end()) {
    ASSIGN_OR_RETURN(auto grant, grant_from_snapshot(*live));
    const auto age = live->find("age");
    if (age != live->end() && age->is_number_unsigned())
      enabled_after_[grant.id] = passed_ - BootClock::duration{age->get<std::int64_t>()};
    const auto id = grant.id;
    grants_[id] = std::move(grant);
    if (is_over(id)) ended_.push_back(id);
  }
  if (const auto counters = record.fields.find("counters");
      counters != record.fields.end() && counters->is_object())
    for (const auto& [rep, counter] : counters->items())
      if (counter.is_number_unsigned()) counters_[rep] = counter.get<std::uint64_t>();
  if (const auto list = record.fields.find("recordings"); list != record.fields.end() && list->is_array())
    for (const auto& one : *list)
      open_recordings_.emplace(one.value("session", std::string{}), one.value("channel", std::uint32_t{0}));
  return {};
}

}  // namespace sallyport
