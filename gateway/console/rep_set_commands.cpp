// Runs in: sallyport.
#include "gateway/console/rep_set_commands.h"

#include <algorithm>
#include <memory>

#include "base/escape.h"
#include "gateway/console/control_client.h"
#include "gateway/console/named_input.h"
#include "gateway/console/output.h"
#include "gateway/console/rep_set.h"
#include "gateway/console/run_program.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// ---- export

struct Export {
  std::string key;
  std::vector<std::string> names;  // none: all
};

// A comment is escaped whenever it is read, and a backslash would be two at each reading.
std::string without_backslashes(std::string comment) {
  std::replace(comment.begin(), comment.end(), '\\', '/');
  return comment;
}

Result<RepInSet> rep_from(ControlClient& client, const std::string& name) {
  ASSIGN_OR_RETURN(const auto reply, client.ask({{"ask", "rep.show"}, {"name", name}}));
  const auto& shown = member(reply.result, "rep");
  RepInSet rep{name, text_of(shown, "full_name"), text_of(shown, "contact"), text_of(shown, "account"), {}};
  std::string lines;
  for (const auto& key : member(shown, "keys"))
    lines += fmt::format("{} {} {} {}\n", text_of(key, "role"), text_of(key, "public_key"),
                         text_of(key, "credential"), without_backslashes(text_of(key, "comment")));
  ASSIGN_OR_RETURN(rep.keys, EnrolledKeys::parse(lines));
  return rep;
}

Result<RepSet> set_from(ControlClient& client, const Export& wanted) {
  ASSIGN_OR_RETURN(const auto status, client.ask({{"ask", "status"}}));
  RepSet set{text_of(status.result, "gate"), to_rfc3339(SystemClock{}.wall()).substr(0, 19) + "Z", {}};
  auto names = wanted.names;
  if (names.empty()) {
    ASSIGN_OR_RETURN(const auto list, client.ask({{"ask", "rep.list"}}));
    for (const auto& rep : member(list.result, "reps")) names.push_back(text_of(rep, "name"));
  }
  for (const auto& name : names) {
    ASSIGN_OR_RETURN(auto rep, rep_from(client, name));
    set.reps.push_back(std::move(rep));
  }
  return set;
}

Result<std::string> signature_of(const std::string& text, const std::string& key) {
  ASSIGN_OR_RETURN(
      auto done,
      run_program({"ssh-keygen", "-q", "-Y", "sign", "-n", std::string{kRepSetNamespace}, "-f", key}, text));
  if (done.status != 0 || done.signal != 0) return fail("ssh-keygen does not sign with {}", key);
  return std::move(done.output);
}

Done export_set(ConsoleContext& context, const Export& wanted) {
  ASSIGN_OR_RETURN(auto client, connect(context));
  ASSIGN_OR_RETURN(const auto set, set_from(client, wanted));
  const auto text = set.text();
  RETURN_IF_ERROR(RepSet::parse(text));  // what is handed out can be read back
  ASSIGN_OR_RETURN(const auto signature, signature_of(text, wanted.key));
  const auto file = text + signature;  // split() returns views of it
  ASSIGN_OR_RETURN(const auto whole, SignedRepSet::split(file));
  RETURN_IF_ERROR(RepSet::parse(whole.text));
  print(file);
  return {};
}

// ---- import

struct Import {
  std::string file, signer;
  bool with_accounts = false, dry_run = false;
};

Result<PublicKey> signer_from(const std::string& path) {
  ASSIGN_OR_RETURN(const auto text, read_named_input(path, kLongestRepSet));
  const auto keys = parse_public_keys(text, KeyRole::key);
  if (!keys) return tl::unexpected{keys.error().within(path)};
  if (keys->size() != 1) return fail("{} has {} keys; one is the signer's", path, keys->size());
  return keys->front().key;
}

struct Step {
  RepInSet rep;
  bool is_new = true;
  std::vector<EnrolledKey> added;
};

// Who is there already keeps what is there; keys are only ever added.
Result<Step> step_for(ControlClient& client, const RepInSet& rep, const Json& known) {
  Step step{rep, true, rep.keys.entries};
  for (const auto& other : known) {
    if (text_of(other, "name") != rep.name) continue;
    step.is_new = false;
    const bool signs = !rep.keys.only({KeyRole::key, KeyRole::authority}).entries.empty();
    if (text_of(other, "method") == "ocra" && member(other, "enrolled") == true && signs)
      return fail(
          "rep {} is there and answers by OCRA; decide by hand (sallyport rep remove, or enroll --key)",
          rep.name);
    ASSIGN_OR_RETURN(const auto reply, client.ask({{"ask", "rep.show"}, {"name", rep.name}}));
    for (const auto& key : member(member(reply.result, "rep"), "keys"))
      std::erase_if(step.added, [&](const EnrolledKey& entry) {
        return entry.key.fingerprint() == text_of(key, "fingerprint") &&
               to_text(entry.role) == text_of(key, "role");
      });
  }
  return step;
}

Done take_step(ControlClient& client, const Step& step, const PublicKey& signer, bool with_accounts) {
  const auto& rep = step.rep;
  if (step.is_new) {
    Json request{{"ask", "rep.add"}, {"name", rep.name}, {"imported_from", signer.fingerprint()}};
    if (!rep.full_name.empty()) request["full_name"] = rep.full_name;
    if (!rep.contact.empty()) request["contact"] = rep.contact;
    if (with_accounts) request["account"] = rep.account;
    RETURN_IF_ERROR(client.ask(request));
  }
  for (const auto role : kKeyRoles) {
    std::string lines;
    for (const auto& entry : step.added)
      if (entry.role == role) lines += entry.public_line() + "\n";
    if (lines.empty()) continue;
    RETURN_IF_ERROR(client.ask({{"ask", "rep.enroll_keys"},
                                {"name", rep.name},
                                {"role", to_text(role)},
                                {"text", lines},
                                {"imported_from", signer.fingerprint()}}));
  }
  return {};
}

Json in_json(const Step& step) {
  Json keys = Json::array();
  for (const auto& entry : step.added)
    keys.push_back({{"role", to_text(entry.role)}, {"fingerprint", entry.key.fingerprint()}});
  return {{"name", step.rep.name}, {"new", step.is_new}, {"keys", keys}};
}

std::string in_words(const Step& step, bool with_accounts) {
  auto text = fmt::format("  {:<16} {}", step.rep.name, step.is_new ? "new" : "there already");
  if (step.is_new && step.rep.account != step.rep.name)
    text += fmt::format(", account '{}' {}", escape_terminal(step.rep.account),
                        with_accounts ? "" : "not taken over (--with-accounts)");
  if (step.rep.keys.entries.empty())
    text += "; answers by OCRA: sallyport rep enroll " + step.rep.name;
  else if (step.added.empty())
    text += "; no new key";
  for (const auto& entry : step.added)
    text += fmt::format("\n{:19}{} {} {}", "", to_text(entry.role), entry.key.fingerprint(),
                        escape_terminal(entry.comment));
  return text + "\n";
}

Done import_set(ConsoleContext& context, const Import& wanted) {
  ASSIGN_OR_RETURN(const auto signer, signer_from(wanted.signer));
  ASSIGN_OR_RETURN(const auto file, read_named_input(wanted.file, kLongestRepSet));
  ASSIGN_OR_RETURN(const auto whole, SignedRepSet::split(file));
  RETURN_IF_ERROR(whole.check(signer));  // before anything in it is looked at
  ASSIGN_OR_RETURN(const auto set, RepSet::parse(whole.text));
  ASSIGN_OR_RETURN(auto client, connect(context));
  ASSIGN_OR_RETURN(const auto known, client.ask({{"ask", "rep.list"}}));
  std::vector<Step> steps;  // all of them are found possible before the first is taken
  for (const auto& rep : set.reps) {
    ASSIGN_OR_RETURN(auto step, step_for(client, rep, member(known.result, "reps")));
    steps.push_back(std::move(step));
  }
  if (!wanted.dry_run)
    for (const auto& step : steps) RETURN_IF_ERROR(take_step(client, step, signer, wanted.with_accounts));
  Json told = Json::array();
  for (const auto& step : steps) told.push_back(in_json(step));
  if (context.json) return print_json({{"signer", signer.fingerprint()}, {"reps", told}}), Done{};
  print(fmt::format("{} by {}, exported at gate {}, {}:\n",
                    wanted.dry_run ? "Would be imported, signed" : "Imported, signed", signer.fingerprint(),
                    escape_terminal(set.gate), time_text(set.time)));
  for (const auto& step : steps) print(in_words(step, wanted.with_accounts));
  return {};
}

void add_export(const Command& reps, ConsoleContext& context) {
  const auto options = std::make_shared<Export>();
  const auto command = reps.subcommand("export", "Print reps and their public keys as one signed file");
  command.option("names", options->names, "these reps; else all");
  command.option("--sign", options->key, "the key to sign with, as ssh-keygen -f takes it").required();
  command.footer(
      "Example:\n  sallyport rep export --sign ~/.ssh/id_ed25519 > reps.signed\n"
      "The file holds names and public keys; no OCRA secret, no PIN, no password. It can be checked by "
      "hand:\n"
      "  sed '/^-----BEGIN/,$d' reps.signed | ssh-keygen -Y check-novalidate -n sallyport-reps \\\n"
      "    -s <(sed -n '/^-----BEGIN/,$p' reps.signed)");
  command.runs([&context, options] { run_command(context, [&] { return export_set(context, *options); }); });
}

void add_import(const Command& reps, ConsoleContext& context) {
  const auto options = std::make_shared<Import>();
  const auto command =
      reps.subcommand("import", "Take reps and keys from a file that was signed by a known key");
  command.option("file", options->file, "as rep export printed it; - for standard input").required();
  command.option("--signer", options->signer, "file of the public key that must have signed it").required();
  command.flag("--with-accounts", options->with_accounts, "take over which account's password is asked");
  command.flag("--dry-run", options->dry_run, "say what would be done");
  command.footer(
      "Example:\n  sallyport rep import reps.signed --signer vendor.pub --dry-run\n"
      "Whoever is there already keeps what is there; keys are added, never taken away.");
  command.runs([&context, options] { run_command(context, [&] { return import_set(context, *options); }); });
}

}  // namespace

void add_rep_set_commands(const Command& reps, ConsoleContext& context) {
  add_export(reps, context);
  add_import(reps, context);
}

}  // namespace sallyport
