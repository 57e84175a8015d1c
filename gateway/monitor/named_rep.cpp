// Runs in: sallyportd (privileged).
#include "gateway/monitor/named_rep.h"

#include "auth/ocra_session.h"

namespace sallyport {

Result<const Rep*> named_rep(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto name, context.text("name"));
  const auto found = context.gate.catalogue.reps.find(name);
  if (found == context.gate.catalogue.reps.end())
    return fail("no rep '{}' (sallyport rep list shows them)", name);
  return &found->second;
}

nlohmann::json rep_to_json(const Gate& gate, const Rep& rep) {
  return {{"name", rep.name},
          {"full_name", rep.full_name},
          {"contact", rep.contact},
          {"account", rep.account},
          {"suite", rep.suite},
          {"mutual", rep.mutual},
          {"method", to_text(rep.method)},
          {"webauthn", rep.webauthn},
          {"enrolled", is_enrolled(rep)},
          {"suspended", gate.ledger.reps().is_suspended(rep.name)}};
}

std::filesystem::path rep_file(const Gate& gate, const std::string& name) {
  return gate.options.config / "reps" / (name + ".toml");
}

Entry by(const CommandContext& context, const char* event, const std::string& rep) {
  return {event, {{"rep", rep}, {"by", context.actor.name}}};
}

Done note_import(const CommandContext& context, Entry& entry) {
  ASSIGN_OR_RETURN(const auto signer, context.text_or("imported_from", "", 64));
  if (signer.empty()) return {};
  if (!is_fingerprint(signer)) return fail("'imported_from' is no fingerprint of a key");
  entry.fields["imported_from"] = signer;
  return {};
}

bool has_live_grant(const Gate& gate, const std::string& rep) {
  for (const auto& [id, grant] : gate.ledger.grants())
    if (grant.rep == rep && !is_terminal(grant.state)) return true;
  return false;
}

Done check_method_change(const Gate& gate, const Rep& rep, const Rep& changed) {
  const auto same_at = [&](Carriage door) { return method_at(rep, door) == method_at(changed, door); };
  if ((same_at(Carriage::ssh) && same_at(Carriage::https)) || !has_live_grant(gate, rep.name)) return {};
  return fail("rep '{}' has a live grant for method {}; revoke it before the method changes (sallyport list)",
              rep.name, to_text(rep.method));
}

}  // namespace sallyport
