// Runs in: sallyport (as root, while the gate does not run).
#include "gateway/core/acknowledge.h"

#include <map>

#include "gateway/audit/file_journal.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/audit/heads.h"
#include "gateway/core/rep_memory.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What must not be forgotten of the reps, as far as any sound record tells it, also behind the damage: who is
// suspended, and the counters of their devices, of which the larger one never lets an old response pass.
class RepsLeft {
 public:
  static bool matters(std::string_view event) {
    return event == "login.accepted" || event.starts_with("rep.") || event == kCarriedEvent;
  }
  void learn(const Record& record) {
    reps_.fold(record);
    const auto rep = record.fields.value("rep", json{});
    const auto name = rep.is_string() ? rep.get<std::string>() : std::string{};
    if (record.event == "rep.enrolled" || record.event == "rep.removed") counters_.erase(name);
    if (record.event == "login.accepted") raise(name, record.fields.value("counter", json{}));
    const auto carried = record.fields.value("counters", json{});
    if (record.event != kCarriedEvent || !carried.is_object()) return;
    for (const auto& [of, counter] : carried.items()) raise(of, counter);
  }
  std::vector<Entry> entries() const {
    std::vector<Entry> entries;
    for (auto& rep : reps_.snapshot())
      entries.push_back({std::string{kCarriedEvent}, {{"of_rep", std::move(rep)}}});
    for (const auto& [rep, counter] : counters_)
      entries.push_back({std::string{kCarriedEvent}, {{"counters", {{rep, counter}}}}});
    return entries;
  }

 private:
  void raise(const std::string& rep, const json& counter) {
    if (counter.is_number_unsigned()) counters_[rep] = std::max(counters_[rep], counter.get<std::uint64_t>());
  }
  RepMemory reps_;
  std::map<std::string, std::uint64_t> counters_;
};

struct Damage {
  Walk walk;
  std::string heads_problem;  // empty: the journal continues the last heads
  RepsLeft reps;
};

Result<std::vector<TreeHead>> last_heads(const fs::path& state, const HeadKeeper& keeper) {
  ASSIGN_OR_RETURN(const auto kept, read_last_heads(heads_file(state)));
  std::vector<TreeHead> heads;
  // What was signed since the last acknowledgement: the very last head tells.
  if (!kept.notes.empty())
    if (const auto head = keeper.verifier().open(kept.notes.back())) heads.push_back(*head);
  return heads;
}

Result<Damage> look(const fs::path& state, const HeadKeeper& keeper) {
  Damage damage;
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(state)));
  ASSIGN_OR_RETURN(const auto heads, last_heads(state, keeper));
  WalkStart start;
  start.roots_at = sizes_of(heads);
  const auto learn = [&](const RecordView& view, const Place&) -> Done {
    if (!RepsLeft::matters(view.event)) return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    damage.reps.learn(record);
    return {};
  };
  ASSIGN_OR_RETURN(damage.walk, walk_records(files, learn, start));
  if (!damage.walk.broken) damage.heads_problem = compare_heads(heads, damage.walk).problem;
  return damage;
}

Entry entry_of(const Damage& damage, const Acknowledgement& word) {
  json fields{{"by", word.by}, {"breaks", damage.walk.unacknowledged}};
  if (!word.reason.empty()) fields["reason"] = word.reason;
  if (damage.walk.broken) {
    fields["file"] = damage.walk.broken->file.filename().string();
    fields["line"] = damage.walk.broken->line;
    fields["found"] = damage.walk.broken->reason;
  } else {
    fields["file"] = "heads";
    fields["line"] = 0;
    fields["found"] = damage.heads_problem;
  }
  return {std::string{kAcknowledgedEvent}, std::move(fields)};
}

// Into the last segment if that is sound; else into a new one, in which nothing is live.
Result<TreeHead> record(const fs::path& state, const Damage& damage, const Acknowledgement& word,
                        const Clock& clock) {
  FileJournalOptions options;
  options.group = word.group;
  options.despite_earlier_damage = true;
  const auto folder = journal_folder(state);
  std::vector<Entry> entries{entry_of(damage, word)};
  auto journal = FileJournal::open(folder, clock, options);
  if (journal && damage.walk.broken) {
    RETURN_IF_ERROR((*journal)->append(entries.front(), Weight::closing));
  } else {
    for (auto& entry : damage.reps.entries()) entries.push_back(std::move(entry));
    if (journal)
      RETURN_IF_ERROR((*journal)->start_over(entries));
    else if (!damage.walk.broken)
      return tl::unexpected{std::move(journal).error()};
    else
      RETURN_IF_ERROR(FileJournal::begin_anew(folder, clock, damage.walk, entries, options));
    if (!journal) journal = FileJournal::open(folder, clock, options);
    if (!journal) return tl::unexpected{std::move(journal).error()};
  }
  return TreeHead{(*journal)->head().seq, (*journal)->tree().root()};
}

}  // namespace

Result<std::string> acknowledge_damage(const fs::path& state, const Acknowledgement& word, const Clock& clock,
                                       Random& random) {
  RETURN_IF_ERROR(FileJournal::not_in_use(journal_folder(state)));
  HeadOptions heads;
  heads.state = state;
  heads.name = "journal";
  heads.group = word.group;
  ASSIGN_OR_RETURN(auto keeper, HeadKeeper::open(std::move(heads), random));
  ASSIGN_OR_RETURN(const auto damage, look(state, keeper));
  if (!damage.walk.broken && damage.heads_problem.empty())
    return fail("the journal is whole: there is nothing to acknowledge");
  ASSIGN_OR_RETURN(const auto head, record(state, damage, word, clock));
  RETURN_IF_ERROR(keeper.sign(head, clock.boot()));
  return damage.walk.broken ? damage.walk.broken->message() : "the journal was " + damage.heads_problem;
}

}  // namespace sallyport
