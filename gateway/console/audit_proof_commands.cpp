// Runs in: sallyport.
#include "gateway/console/audit_proof_commands.h"

#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "base/escape.h"
#include "base/file.h"
#include "gateway/audit/head_keeper.h"
#include "gateway/audit/proof.h"
#include "gateway/audit/verify.h"
#include "gateway/console/output.h"
#include "gateway/console/refusal.h"
#include "gateway/core/acknowledge.h"
#include "gateway/review/recording_bytes.h"
#include "gateway/review/selection.h"

namespace sallyport {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct VerifyOptions {
  std::string journal;  // a folder or a file; empty: the gate's
  std::string head;     // a file of signed heads; empty: the gate's own, if it has some
  std::string key;      // of who signed them; empty: the gate's
};

json to_json(const Break& damage) {
  json out{{"file", damage.file.string()}, {"line", damage.line}, {"reason", damage.reason}};
  if (!damage.acknowledged_by.empty()) out["acknowledged_by"] = damage.acknowledged_by;
  return out;
}

json to_json(const Verdict& verdict) {
  const auto& [walk, recordings] = verdict.records;
  const auto& heads = verdict.heads;
  json out{{"whole", verdict.is_whole()},
           {"records", walk.records},
           {"head", walk.head.hash},
           {"breaks", json::array()},
           {"broken_lines", walk.broken_lines}};
  if (walk.deleted.segments > 0)
    out["deleted"] = {{"segments", walk.deleted.segments}, {"records", walk.deleted.records}};
  if (walk.broken) out["broken"] = to_json(*walk.broken);
  for (const auto& damage : walk.breaks) out["breaks"].push_back(to_json(damage));
  if (walk.torn)
    out["torn"] = {
        {"file", walk.torn->file.string()}, {"line", walk.torn->line}, {"bytes", walk.torn->bytes}};
  auto faults = json::array();
  for (const auto& fault : recordings.faults)
    faults.push_back({{"session", fault.session}, {"path", fault.path}, {"problem", fault.problem}});
  out["recordings"] = {{"checked", recordings.checked}, {"deleted", recordings.deleted}, {"faults", faults}};
  out["heads"] = {{"checked", heads.checked}};
  if (heads.deleted > 0) out["heads"]["deleted"] = heads.deleted;
  if (heads.good_until) out["heads"]["good_until"] = *heads.good_until;
  if (!heads.problem.empty()) out["heads"]["problem"] = heads.problem;
  return out;
}

void tell_breaks(const Walk& walk) {
  for (const auto& damage : walk.breaks)
    print(damage.acknowledged_by.empty()
              ? fmt::format("BROKEN  {}\n", escape_terminal(damage.message()))
              : fmt::format("damaged  {}; acknowledged by {}\n", escape_terminal(damage.message()),
                            escape_terminal(damage.acknowledged_by)));
  if (walk.broken_lines > walk.breaks.size())
    print(fmt::format("BROKEN  and {} more lines\n", walk.broken_lines - walk.breaks.size()));
}

void tell(const Verdict& verdict) {
  const auto& [walk, recordings] = verdict.records;
  const auto& heads = verdict.heads;
  tell_breaks(walk);
  print(fmt::format("{} records, head {}\n", walk.records, walk.head.hash));
  if (walk.deleted.segments > 0)
    print(fmt::format("before them {} records in {} segments were deleted as old, as the journal says\n",
                      walk.deleted.records, walk.deleted.segments));
  if (walk.torn)
    print(
        fmt::format("note: {} line {} is not complete: the gate is writing it, or lost power while it did\n",
                    escape_terminal(walk.torn->file.string()), walk.torn->line));
  if (!heads.problem.empty()) print(fmt::format("BROKEN  the journal was {}\n", heads.problem));
  if (heads.good_until)
    print(fmt::format("{} signed heads checked: the journal continues the one of {} records\n", heads.checked,
                      *heads.good_until));
  if (heads.deleted > 0)
    print(fmt::format("{} heads are older than what is left, and were not compared\n", heads.deleted));
  for (const auto& fault : recordings.faults)
    print(fmt::format("BROKEN  recording {} of {}: {}\n", escape_terminal(fault.path),
                      escape_terminal(fault.session), escape_terminal(fault.problem)));
  print(fmt::format("{} recordings checked, {} faults\n", recordings.checked, recordings.faults.size()));
  if (recordings.deleted > 0)
    print(fmt::format("{} of them were deleted, as the journal says\n", recordings.deleted));
  if (verdict.is_whole()) print("whole\n");
}

// Recordings lie beside the journal's folder: so too for a copy, if it has them.
fs::path state_beside(const fs::path& journal, const ConsoleContext& context) {
  std::error_code ignored;
  auto folder = fs::absolute(journal, ignored).lexically_normal();
  if (!fs::is_directory(folder, ignored) || folder.filename().empty()) folder = folder.parent_path();
  const auto state = folder.parent_path();
  return fs::exists(state / "recordings", ignored) ? state : context.state;
}

Result<std::string> read_text(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return tl::unexpected{Error{"opening " + path.string(), errno}};
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

struct OpenedHeads {
  std::vector<std::string> notes;
  std::vector<TreeHead> heads;
};

Result<OpenedHeads> read_heads(const fs::path& file, const fs::path& key) {
  OpenedHeads opened;
  ASSIGN_OR_RETURN(const auto verifier, read_verifier(key));
  ASSIGN_OR_RETURN(auto kept, read_last_heads(file));
  opened.notes = std::move(kept.notes);
  ASSIGN_OR_RETURN(const auto more, split_notes(kept.rest));
  opened.notes.insert(opened.notes.end(), more.begin(), more.end());
  auto heads = open_heads(opened.notes, verifier);
  if (!heads) return tl::unexpected{heads.error().within(file.string())};
  opened.heads = *std::move(heads);
  return opened;
}

// The heads that were named; or the gate's own as far as they go back, but only the last is taken to bind it:
// after damage that an admin has acknowledged the ones before may not be continued.
Result<std::vector<TreeHead>> heads_to_check(const VerifyOptions& options, const fs::path& state) {
  const fs::path key = options.key.empty() ? head_verifier_file(state) : fs::path{options.key};
  std::error_code ignored;
  if (options.head.empty() && (!fs::exists(heads_file(state), ignored) || !fs::exists(key, ignored)))
    return std::vector<TreeHead>{};
  ASSIGN_OR_RETURN(const auto opened,
                   read_heads(options.head.empty() ? heads_file(state) : fs::path{options.head}, key));
  if (!options.head.empty() && opened.heads.empty()) return fail("{} holds no signed head", options.head);
  return opened.heads;
}

Result<Verdict> verdict_on(const ConsoleContext& context, const VerifyOptions& options) {
  const auto journal = options.journal.empty() ? journal_folder(context.state) : fs::path{options.journal};
  const auto state = options.journal.empty() ? context.state : state_beside(journal, context);
  ASSIGN_OR_RETURN(const auto heads, heads_to_check(options, state));
  Verdict verdict;
  ASSIGN_OR_RETURN(verdict.records, verify_all(journal, state, sizes_of(heads), hash_contents));
  verdict.heads = compare_heads(heads, verdict.records.walk);
  return verdict;
}

void verify(ConsoleContext& context, const VerifyOptions& options) {
  const auto verdict = verdict_on(context, options);
  if (!verdict) return refuse(context, verdict.error());
  if (context.json)
    print_json(to_json(*verdict));
  else
    tell(*verdict);
  if (!verdict->is_whole()) context.exit_code = exit_code::refused;
}

struct ProveOptions {
  std::string name, out;
};

// The last head, and its note.
Result<std::pair<TreeHead, std::string>> last_head(const fs::path& state) {
  ASSIGN_OR_RETURN(const auto verifier, read_verifier(head_verifier_file(state)));
  ASSIGN_OR_RETURN(const auto kept, read_last_heads(heads_file(state)));
  if (kept.notes.empty()) return fail("the gate has signed no head yet");
  ASSIGN_OR_RETURN(const auto head, verifier.open(kept.notes.back()));
  return std::pair{head, kept.notes.back()};
}

Result<Story> story_of(const std::vector<fs::path>& files, const std::string& name) {
  Story story{name};
  const auto visit = [&](const RecordView& view, const Place&) -> Done {
    if (view.line.find(name) == view.line.npos) return {};
    ASSIGN_OR_RETURN(const auto record, take_apart(view.line));
    story.learn(record);
    return {};
  };
  ASSIGN_OR_RETURN(const auto walked, walk_records(files, visit));
  if (!story.found()) return fail("the journal knows no grant or session '{}'", escape_terminal(name));
  return story;
}

Done prove(const ConsoleContext& context, const ProveOptions& options) {
  ASSIGN_OR_RETURN(const auto story, prove_story(context.state, options.name));
  const auto& proofs = story.proofs;
  if (options.out.empty()) {
    print(proofs);
    return {};
  }
  std::ofstream out{options.out, std::ios::binary | std::ios::trunc};
  out << proofs << std::flush;
  if (!out) return tl::unexpected{Error{"writing " + options.out, errno}};
  return {};
}

struct VerifyProofOptions {
  std::string file, key;
};

Done verify_proof(ConsoleContext& context, const VerifyProofOptions& options) {
  ASSIGN_OR_RETURN(const auto verifier, read_verifier(options.key));
  ASSIGN_OR_RETURN(const auto text, read_text(options.file));
  auto proven = check_proofs(text, verifier);
  if (!proven) return tl::unexpected{proven.error().within(options.file)};
  if (context.json) {
    auto records = json::array();
    for (const auto& record : proven->records) records.push_back(to_json(record));
    print_json({{"records", records}, {"head", proven->head.size}, {"signed_by", verifier.name()}});
    return {};
  }
  for (const auto& record : proven->records)
    print(fmt::format("{}  {:<22}  {}\n", to_rfc3339(record.time), escape_terminal(record.event),
                      describe(record)));
  print(fmt::format("{} records are in the journal of {} that was signed with {} records\n",
                    proven->records.size(), escape_terminal(verifier.name()), proven->head.size));
  return {};
}

// Who logged in, even behind sudo: the kernel's login uid, which nobody changes.
std::string who() {
  uid_t uid = ::getuid();
  std::ifstream login{"/proc/self/loginuid"};
  if (uid_t told = 0; login >> told && told != static_cast<uid_t>(-1)) uid = told;
  const auto* const account = ::getpwuid(uid);
  return account != nullptr ? account->pw_name : fmt::format("uid {}", uid);
}

Done acknowledge(ConsoleContext& context, const std::string& reason) {
  Acknowledgement word;
  word.by = who();
  word.reason = reason;
  if (const auto* const group = ::getgrnam("sallyport-auditor")) word.group = group->gr_gid;
  const SystemClock clock;
  SystemRandom random;
  ASSIGN_OR_RETURN(const auto damage, acknowledge_damage(context.state, word, clock, random));
  if (context.json)
    print_json({{"acknowledged", damage}, {"by", word.by}});
  else
    print(fmt::format("acknowledged by {}: {}\nThe gate can be started again.\n", escape_terminal(word.by),
                      escape_terminal(damage)));
  return {};
}

void run(ConsoleContext& context, const Done& done) {
  if (!done) refuse(context, done.error());
}

}  // namespace

Result<HeadVerifier> read_verifier(const fs::path& path) {
  ASSIGN_OR_RETURN(const auto text, read_text(path));
  auto verifier = HeadVerifier::from_text(text);
  if (!verifier) return tl::unexpected{verifier.error().within(path.string())};
  return verifier;
}

Result<Verdict> verify_gate(const ConsoleContext& context) { return verdict_on(context, {}); }

Result<ProvedStory> prove_story(const fs::path& state, const std::string& name) {
  ASSIGN_OR_RETURN(const auto files, journal_files(journal_folder(state)));
  ASSIGN_OR_RETURN(const auto head, last_head(state));
  ASSIGN_OR_RETURN(const auto story, story_of(files, name));
  const auto wanted = [&](const RecordView& view) {
    if (!story.may_hold(view.line)) return false;
    // Who reads a session's recording after its end, to hand it on too, is a later record each time.
    if (view.seq > head.first.size && view.event == "recording.read") return false;
    const auto record = take_apart(view.line);
    return record && story.holds(*record);
  };
  ASSIGN_OR_RETURN(auto proofs, make_proofs(files, wanted, head.first, head.second));
  ASSIGN_OR_RETURN(auto key, read_text(head_verifier_file(state)));
  return ProvedStory{std::move(proofs), head.second, std::move(key)};
}

void add_verify_command(const Command& audit, ConsoleContext& context) {
  const auto command = audit.subcommand(
      "verify", "Check every record, every recording and every signed head; exit 1 if one is broken");
  auto options = std::make_shared<VerifyOptions>();
  command.option("--journal", options->journal, "A copy of the journal: its folder, or one file");
  command.option("--head", options->head,
                 "Heads that were kept elsewhere: the journal must continue each of them");
  command.option("--key", options->key, "Who signed the heads, if not this gate: its journal-key.pub");
  command.footer(
      "Examples:\n  sallyport audit verify --journal /media/copy/journal\n"
      "  sallyport audit verify --head /media/stick/heads");
  command.runs([&context, options] { verify(context, *options); });
}

void add_proof_commands(const Command& audit, ConsoleContext& context) {
  const auto proof = audit.subcommand("prove", "Proofs that a session's records are in the signed journal");
  auto of = std::make_shared<ProveOptions>();
  proof.option("name", of->name, "A session (s-…) or grant (g-…)").required();
  proof.option("--out", of->out, "Into this file instead of standard output");
  proof.footer("Example: sallyport audit prove s-4f8w2c6n --out s-4f8w2c6n.proofs");
  proof.runs([&context, of] { run(context, prove(context, *of)); });

  const auto check = audit.subcommand("verify-proof", "Check proofs; needs no gate, only its public key");
  auto what = std::make_shared<VerifyProofOptions>();
  check.option("file", what->file, "What 'audit prove' wrote").required();
  check.option("--key", what->key, "The gate's journal-key.pub").required();
  check.footer("Example: sallyport audit verify-proof s-4f8w2c6n.proofs --key journal-key.pub");
  check.runs([&context, what] { run(context, verify_proof(context, *what)); });

  const auto word = audit.subcommand(
      "acknowledge", "Say that damage to the journal is known, so that the gate starts again; as root");
  auto reason = std::make_shared<std::string>();
  word.option("--reason", *reason, "What happened, for the record");
  word.footer("Example: sallyport audit acknowledge --reason 'disk failure, ticket 4711'");
  word.runs([&context, reason] { run(context, acknowledge(context, *reason)); });
}

}  // namespace sallyport
