// rep add, list, remove, enroll. Runs in: sallyportd (privileged).
#include <openssl/crypto.h>

#include "auth/ocra.h"
#include "auth/ocra_secret.h"
#include "base/encoding.h"
#include "base/file.h"
#include "gateway/monitor/commands.h"
#include "gateway/monitor/named_rep.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/stored_secret.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShortestQuestion = 6, kShortestSession = 16;

// Bytes of a fresh secret: as many as the suite's hash puts out (RFC 6287 section 6, RFC 4226 section 4 R6).
std::size_t secret_size(OcraHash hash) {
  switch (hash) {
    case OcraHash::sha1:
      return 20;
    case OcraHash::sha256:
      return 32;
    case OcraHash::sha512:
      return 64;
  }
  return 64;
}

// What the grammar allows and a gate should not: each can be told from chance or carried elsewhere too
// easily.
Done check_enrollable(const OcraSuite& suite) {
  if (suite.digits() == 4 || suite.digits() == 5)
    return fail(
        "suite {}: {} digits are guessed too easily; responses have 6 to 10 digits, or 0 for the whole HMAC",
        suite.text(), suite.digits());
  if (suite.question_length() < kShortestQuestion)
    return fail("suite {}: a question of {} characters soon comes again; at least {}", suite.text(),
                suite.question_length(), kShortestQuestion);
  if (suite.session_length() && *suite.session_length() < kShortestSession)
    return fail("suite {}: {} bytes of session information may fit another gate too; at least S{:03}",
                suite.text(), *suite.session_length(), kShortestSession);
  return {};
}

Result<std::optional<OcraSecret::Pin>> pin_for(const OcraSuite& suite, const CommandContext& context) {
  ASSIGN_OR_RETURN(auto text, context.text_or("pin", "", kLongestPin));
  const auto pin = Secret::taking(std::move(text));
  const auto kind = suite.pin_hash();
  if (!kind && !pin.empty()) return fail("suite {} has no PIN", suite.text());
  if (!kind) return std::optional<OcraSecret::Pin>{};
  if (pin.empty()) return fail("suite {} needs a PIN: sallyport rep enroll asks for it", suite.text());
  RETURN_IF_ERROR(check_pin(pin));
  ASSIGN_OR_RETURN(auto hash, hash_pin(*kind, pin));
  return std::optional{OcraSecret::Pin{*kind, std::move(hash)}};
}

Result<bool> mutual_or(const CommandContext& context, bool otherwise) {
  return context.arguments.contains("mutual") ? context.flag("mutual") : Result<bool>{otherwise};
}

Secret fresh_key(Random& random, OcraHash hash) {
  std::vector<std::byte> bytes(secret_size(hash));
  random.fill(bytes);
  Secret key{std::span<const std::byte>{bytes}};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace

CommandResult rep_add_command(const CommandContext& context) {
  Gate& gate = context.gate;
  Rep rep;
  ASSIGN_OR_RETURN(rep.name, context.text("name"));
  if (!is_name(rep.name)) return fail("'{}' is not a name: a-z, 0-9, then also . _ -, at most 32", rep.name);
  if (gate.catalogue.reps.contains(rep.name)) return fail("rep '{}' is there already", rep.name);
  ASSIGN_OR_RETURN(rep.full_name, context.text_or("full_name"));
  ASSIGN_OR_RETURN(rep.contact, context.text_or("contact"));
  ASSIGN_OR_RETURN(rep.account, context.text_or("account", rep.name, 64));
  rep.suite = kDefaultOcraSuite;
  auto added = by(context, "rep.added", rep.name);
  RETURN_IF_ERROR(note_import(context, added));
  RETURN_IF_ERROR(gate.ledger.note(added));
  RETURN_IF_ERROR(replace_file(rep_file(gate, rep.name), to_toml(rep), 0644));
  if (auto reloaded = reload(gate); !reloaded) {
    std::error_code ignored;
    std::filesystem::remove(rep_file(gate, rep.name), ignored);
    return tl::unexpected{reloaded.error()};
  }
  return Json{{"rep", rep_to_json(gate, gate.catalogue.reps.at(rep.name))}};
}

CommandResult rep_list_command(const CommandContext& context) {
  Json reps = Json::array();
  for (const auto& [name, rep] : context.gate.catalogue.reps) reps.push_back(rep_to_json(context.gate, rep));
  return Json{{"reps", reps}};
}

CommandResult rep_remove_command(const CommandContext& context) {
  Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const Rep* const rep, named_rep(context));
  const auto name = rep->name;
  const auto files = {rep->secret_file, rep->keys_file, rep->credentials_file};
  if (has_live_grant(gate, name))
    return fail("rep '{}' has a live grant; revoke it first (sallyport list)", name);
  RETURN_IF_ERROR(gate.ledger.note(by(context, "rep.removed", name)));
  std::error_code error;
  for (const auto& file : files)
    if (!error) std::filesystem::remove(file, error);
  if (!error) std::filesystem::remove(rep_file(gate, name), error);
  if (error) return fail("removing rep '{}': {}", name, error.message());
  RETURN_IF_ERROR(reload(gate));
  return Json::object();
}

CommandResult rep_enroll_command(const CommandContext& context) {
  Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const Rep* const found, named_rep(context));
  Rep rep = *found;
  ASSIGN_OR_RETURN(rep.suite, context.text_or("suite", rep.suite));
  ASSIGN_OR_RETURN(rep.mutual, mutual_or(context, rep.mutual));
  ASSIGN_OR_RETURN(const auto suite, OcraSuite::parse(rep.suite));
  RETURN_IF_ERROR(check_enrollable(suite));
  rep.method = ResponseMethod::ocra;
  rep.webauthn = enrolled_file_exists(rep, ResponseMethod::webauthn);
  RETURN_IF_ERROR(check_method_change(gate, *found, rep));
  OcraSecret secret;
  ASSIGN_OR_RETURN(secret.pin, pin_for(suite, context));
  secret.key = fresh_key(gate.random, suite.hash());
  auto enrolled = by(context, "rep.enrolled", rep.name);
  enrolled.fields["method"] = to_text(rep.method);
  enrolled.fields["suite"] = rep.suite;
  if (rep.mutual) enrolled.fields["mutual"] = true;
  RETURN_IF_ERROR(gate.ledger.note(enrolled));
  RETURN_IF_ERROR(store_secret(gate, rep.secret_file, secret.text()));
  RETURN_IF_ERROR(replace_file(rep_file(gate, rep.name), to_toml(rep), 0644));
  RETURN_IF_ERROR(reload(gate));
  std::error_code ignored;
  std::filesystem::remove(rep.keys_file, ignored);  // of another method; nobody reads it any more
  return Json{{"rep", rep_to_json(gate, gate.catalogue.reps.at(rep.name))},
              {"suite", rep.suite},
              {"mutual", rep.mutual},
              {"secret", to_base32(secret.key.reveal())}};
}

}  // namespace sallyport
