// rep enroll --key, --authority and --webauthn, unenroll, show, suspend, resume. Runs in: sallyportd
// (privileged).
#include <algorithm>
#include <set>

#include "auth/ssh_signature/enrolled_keys.h"
#include "base/encoding.h"
#include "base/file.h"
#include "gateway/monitor/named_rep.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/stored_secret.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestKeyText = 48 * 1024;  // of one request

Result<EnrolledKeys> keys_in(const std::filesystem::path& file) {
  auto text = read_trusted_file(file, Trust::secret_of_root, kLongestKeysFile);
  if (!text && text.error().code() == ENOENT) return EnrolledKeys{};
  if (!text) return tl::unexpected{text.error()};
  auto keys = EnrolledKeys::parse(*text);
  if (!keys) return tl::unexpected{keys.error().within(file.string())};
  return keys;
}

ResponseMethod method_of(KeyRole role) {
  return role == KeyRole::webauthn ? ResponseMethod::webauthn : ResponseMethod::ssh_signature;
}

// Of every role, each from its method's own file.
Result<EnrolledKeys> keys_of(const Rep& rep) {
  ASSIGN_OR_RETURN(auto keys, keys_in(rep.keys_file));
  ASSIGN_OR_RETURN(const auto credentials, keys_in(rep.credentials_file));
  keys.entries.insert(keys.entries.end(), credentials.entries.begin(), credentials.entries.end());
  return keys;
}

// Those that answer by this method, into its file.
Done store_keys(const Rep& rep, ResponseMethod method, const EnrolledKeys& all) {
  const auto& file = enrolled_file(rep, method);
  const auto keys = method == ResponseMethod::webauthn ? all.only({KeyRole::webauthn})
                                                       : all.only({KeyRole::key, KeyRole::authority});
  if (!keys.entries.empty()) return store_privately(file, keys.text());
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error) return fail("removing {}: {}", file.string(), error.message());
  return sync_folder(file.parent_path());
}

const char* plural_of(KeyRole role) {
  switch (role) {
    case KeyRole::key:
      return "keys";
    case KeyRole::authority:
      return "authorities";
    case KeyRole::webauthn:
      return "credentials";
  }
  return "keys";
}

Json shown(const Gate& gate, const Rep& rep, const EnrolledKey& entry) {
  const auto fingerprint = entry.key.fingerprint();
  Json json{{"role", to_text(entry.role)},
            {"type", std::string{entry.key.type()}},
            {"fingerprint", fingerprint},
            {"public_key", fmt::format("{} {}", entry.key.type(), to_base64(entry.key.blob))},
            {"comment", entry.comment}};
  if (entry.role == KeyRole::webauthn) json["credential"] = to_base64url(entry.credential);
  if (const auto at = gate.ledger.reps().key_enrolled_at(rep.name, fingerprint))
    json["enrolled_at"] = to_rfc3339(*at);
  return json;
}

Result<KeyRole> role_in(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto text, context.text("role"));
  const auto role = key_role_from(text);
  if (!role) return tl::unexpected{role.error().within("'role'")};
  if (*role == KeyRole::webauthn && !context.gate.catalogue.settings.https)
    return fail(
        "WebAuthn is for the HTTPS door, and there is none (add [https] to sallyport.toml and restart)");
  return *role;
}

Done add_all(EnrolledKeys& keys, const std::vector<EnrolledKey>& added, const std::string& rep) {
  for (const auto& entry : added) {
    if (keys.find(entry.role, entry.key) != nullptr)
      return fail("{} {} is enrolled for rep '{}' already", to_text(entry.role), entry.key.fingerprint(),
                  rep);
    if (auto done = keys.add(entry); !done)
      return tl::unexpected{done.error().within(fmt::format("rep '{}' (sallyport rep unenroll)", rep))};
  }
  return {};
}

// Section 7.1, step 22, of W3C Web Authentication Level 2: a credential is one user's.
Done check_nobody_else_has(const Gate& gate, const std::vector<EnrolledKey>& added, const std::string& rep) {
  for (const auto& [name, other] : gate.catalogue.reps) {
    if (name == rep) continue;
    ASSIGN_OR_RETURN(const auto keys, keys_in(other.credentials_file));
    for (const auto& entry : added)
      if (keys.find_credential(entry.credential) != nullptr)
        return fail("the credential of key {} is enrolled for rep '{}' already", entry.key.fingerprint(),
                    name);
  }
  return {};
}

// How the rep is asked once there is a key of this role. A WebAuthn key stands beside the secret or the keys
// that a rep has for SSH, and takes nothing from it.
Rep with_key(Rep rep, KeyRole role) {
  if (role != KeyRole::webauthn) {
    rep.method = ResponseMethod::ssh_signature;
    return rep;
  }
  if (!enrolled_file_exists(rep, rep.method)) rep.method = ResponseMethod::webauthn;
  rep.webauthn = true;
  return rep;
}

// From the record on: the keys, then the method that needs them, then the end of what the other one needed.
Done put_in_force(const CommandContext& context, const Rep& before, const Rep& rep, const EnrolledKeys& keys,
                  ResponseMethod method) {
  Gate& gate = context.gate;
  RETURN_IF_ERROR(store_keys(rep, method, keys));
  if (rep.method == before.method && rep.webauthn == before.webauthn) return {};
  RETURN_IF_ERROR(replace_file(rep_file(gate, rep.name), to_toml(rep), 0644));
  RETURN_IF_ERROR(reload(gate));
  if (method == ResponseMethod::webauthn) return {};
  std::error_code error;
  std::filesystem::remove(rep.secret_file, error);
  if (error)
    return fail("the keys are enrolled, but removing {}: {}", rep.secret_file.string(), error.message());
  return {};
}

Json running_session(const Gate& gate, const std::string& rep) {
  Json notices = Json::array();
  for (const auto& [id, grant] : gate.ledger.grants())
    if (grant.rep == rep && grant.state == GrantState::active)
      notices.push_back(
          fmt::format("Session {0} of {1} is running and goes on: sallyport end {0}", grant.session, rep));
  return notices;
}

CommandResult set_suspended(const CommandContext& context, const char* event, bool suspended) {
  Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const Rep* const rep, named_rep(context));
  if (gate.ledger.reps().is_suspended(rep->name) == suspended)
    return fail("rep '{}' is {}suspended{}", rep->name, suspended ? "" : "not ", suspended ? " already" : "");
  auto entry = by(context, event, rep->name);
  ASSIGN_OR_RETURN(const auto reason, context.text_or("reason"));
  if (!reason.empty()) entry.fields["reason"] = reason;
  RETURN_IF_ERROR(gate.ledger.note(entry));
  Json result{{"rep", rep_to_json(gate, *rep)}};
  if (suspended) result["notices"] = running_session(gate, rep->name);
  return result;
}

}  // namespace

CommandResult rep_enroll_keys_command(const CommandContext& context) {
  Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const Rep* const found, named_rep(context));
  const Rep before = *found;
  ASSIGN_OR_RETURN(const auto role, role_in(context));
  const auto rep = with_key(before, role);
  ASSIGN_OR_RETURN(const auto text, context.text("text", kLongestKeyText));
  ASSIGN_OR_RETURN(const auto added, parse_public_keys(text, role));
  RETURN_IF_ERROR(check_method_change(gate, before, rep));
  ASSIGN_OR_RETURN(auto keys, keys_of(rep));
  RETURN_IF_ERROR(add_all(keys, added, rep.name));
  if (role == KeyRole::webauthn) RETURN_IF_ERROR(check_nobody_else_has(gate, added, rep.name));
  auto entry = by(context, "rep.enrolled", rep.name);
  entry.fields["method"] = to_text(method_of(role));
  for (const auto& one : added) entry.fields[plural_of(role)].push_back(one.key.fingerprint());
  RETURN_IF_ERROR(note_import(context, entry));
  RETURN_IF_ERROR(gate.ledger.note(entry));
  RETURN_IF_ERROR(put_in_force(context, before, rep, keys, method_of(role)));
  Json enrolled = Json::array();
  for (const auto& one : added) enrolled.push_back(shown(gate, rep, one));
  return Json{{"rep", rep_to_json(gate, gate.catalogue.reps.at(rep.name))}, {"enrolled", enrolled}};
}

CommandResult rep_unenroll_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Rep* const found, named_rep(context));
  const Rep rep = *found;
  ASSIGN_OR_RETURN(const auto fingerprint, context.text("fingerprint"));
  ASSIGN_OR_RETURN(auto keys, keys_of(rep));
  auto entry = by(context, "rep.unenrolled", rep.name);
  std::set<ResponseMethod> changed;
  for (const auto& one : keys.entries) {
    if (one.key.fingerprint() != fingerprint) continue;
    entry.fields[plural_of(one.role)].push_back(fingerprint);
    changed.insert(method_of(one.role));
  }
  const auto removed =
      std::erase_if(keys.entries, [&](const auto& one) { return one.key.fingerprint() == fingerprint; });
  if (removed == 0)
    return fail("rep '{0}' has no key '{1}' (sallyport rep show {0} lists them)", rep.name, fingerprint);
  RETURN_IF_ERROR(context.gate.ledger.note(entry));
  for (const auto method : changed) RETURN_IF_ERROR(store_keys(rep, method, keys));
  return Json{{"rep", rep_to_json(context.gate, rep)}, {"left", keys.entries.size()}};
}

CommandResult rep_show_command(const CommandContext& context) {
  const Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const Rep* const rep, named_rep(context));
  Json json = rep_to_json(gate, *rep);
  if (const auto at = gate.ledger.reps().enrolled_at(rep->name); at && json["enrolled"] == true)
    json["enrolled_at"] = to_rfc3339(*at);
  if (rep->method == ResponseMethod::ssh_signature || rep->webauthn) {
    ASSIGN_OR_RETURN(const auto keys, keys_of(*rep));
    json["keys"] = Json::array();
    for (const auto& entry : keys.entries) json["keys"].push_back(shown(gate, *rep, entry));
  }
  return Json{{"rep", std::move(json)}};
}

CommandResult rep_suspend_command(const CommandContext& context) {
  return set_suspended(context, "rep.suspended", true);
}

CommandResult rep_resume_command(const CommandContext& context) {
  return set_suspended(context, "rep.resumed", false);
}

}  // namespace sallyport
