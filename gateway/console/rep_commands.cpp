// rep add, list, remove, enroll. Runs in: sallyport.
#include <memory>

#include "base/escape.h"
#include "gateway/console/commands.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/rep_enrolling.h"
#include "gateway/console/rep_key_commands.h"
#include "gateway/console/rep_set_commands.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

void add_add(const Command& reps, ConsoleContext& context) {
  const auto request = std::make_shared<Json>(Json{{"ask", "rep.add"}});
  const auto put = [request](const char* key) {
    return [request, key](const std::string& text) { (*request)[key] = text; };
  };
  const auto command = reps.subcommand("add", "Make a rep known; then enroll");
  command.option("name", put("name"), "what the rep logs in as: a-z, 0-9, '.', '_', '-'").required();
  command.option("--full-name", put("full_name"), "e.g. \"Kim Example\"");
  command.option("--contact", put("contact"), "telephone or mail");
  command.option("--account", put("account"), "the account whose password is asked; else the name");
  command.footer("Example:\n  sallyport rep add kim --full-name \"Kim Example\" --contact \"+1 555 0100\"");
  command.runs([&context, request] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, *request));
      if (context.json) return print_json(result), Done{};
      const auto name = escape_terminal(text_of(member(result, "rep"), "name"));
      const auto account = escape_terminal(text_of(member(result, "rep"), "account"));
      print(
          fmt::format("Rep {} is known. What is left to do:\n"
                      "  a password for the account '{}', as PAM service sallyport checks it\n"
                      "  a secret for the challenge: sallyport rep enroll {}\n",
                      name, account, name));
      return {};
    });
  });
}

void add_list(const Command& reps, ConsoleContext& context) {
  const auto command = reps.subcommand("list", "Who is known, and who is enrolled");
  command.footer("Example:\n  sallyport rep list");
  command.runs([&context] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "rep.list"}}));
      if (context.json) return print_json(result), Done{};
      Table table{{"REP", "FULL NAME", "CONTACT", "ACCOUNT", "CHALLENGE", "ENROLLED"}, context.color};
      for (const auto& rep : member(result, "reps")) {
        const bool enrolled = member(rep, "enrolled") == true, suspended = member(rep, "suspended") == true;
        const auto method = text_of(rep, "method"), suite = text_of(rep, "suite");
        const auto by_ssh = method == "ocra" ? suite : method;
        const bool both = method != "webauthn" && member(rep, "webauthn") == true;
        table.add({text_of(rep, "name"),
                   text_of(rep, "full_name"),
                   text_of(rep, "contact"),
                   text_of(rep, "account"),
                   both ? by_ssh + ", webauthn" : by_ssh,
                   {suspended  ? "suspended"
                    : enrolled ? "yes"
                               : "no",
                    suspended  ? Color::bad
                    : enrolled ? Color::good
                               : Color::warning}});
      }
      print(table.empty() ? "No reps. Add one: sallyport rep add NAME\n" : table.text());
      return {};
    });
  });
}

void add_remove(const Command& reps, ConsoleContext& context) {
  const auto name = std::make_shared<std::string>();
  const auto command = reps.subcommand("remove", "Forget a rep, the secret and the keys");
  command.option("name", *name, "the rep").required();
  command.footer("Example:\n  sallyport rep remove kim");
  command.runs([&context, name] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "rep.remove"}, {"name", *name}}));
      if (context.json)
        print_json(result);
      else
        print(fmt::format("Rep {} is removed.\n", escape_terminal(*name)));
      return {};
    });
  });
}

struct EnrollOptions {
  SecretOptions secret;
  bool no_qr = false;
  KeyFiles key_files;
};

Done enroll_by_keys(ConsoleContext& context, const EnrollOptions& options) {
  const auto& name = options.secret.name;
  ASSIGN_OR_RETURN(const auto told, enroll_keys(context, name, options.key_files));
  if (context.json)
    print_json(told);
  else
    print_enrolled_keys(context, name, options.key_files, told);
  return {};
}

Done enroll(ConsoleContext& context, const EnrollOptions& options) {
  if (!options.key_files.empty()) return enroll_by_keys(context, options);
  ASSIGN_OR_RETURN(const auto enrollment, enroll_secret(context, options.secret));
  if (!context.json) return print_enrollment(context, enrollment, !options.no_qr);
  print_json(enrollment.document());
  return {};
}

constexpr const char* kEnrollFooter =
    "Examples:\n  sallyport rep enroll kim\n"
    "  sallyport rep enroll kim --suite OCRA-1:HOTP-SHA256-8:QA10-PSHA256-S064 --mutual\n"
    "  sallyport rep enroll kim --key kim.pub\n"
    "  sallyport rep enroll kim --webauthn cred\n"
    "A new secret replaces what the rep had before: the old secret, or all keys. A key is added to the keys "
    "that\n"
    "the rep has, and replaces a secret. A WebAuthn key stands beside them: from then on the HTTPS door asks "
    "for "
    "it,\n"
    "and the SSH door for the other.\n"
    "Suites: OCRA-1:HOTP-SHA1|SHA256|SHA512-DIGITS:[C-]Qxnn[-PSHAnnn][-Snnn][-Tn], see RFC 6287. DIGITS is 6 "
    "to\n"
    "10, or 0 for the whole HMAC in hex; 4 and 5 are refused, because 10 tries at 10,000 responses are not "
    "few.\n"
    "Questions have at least 6 characters, or they would soon come again; S has at least 016 bytes, or "
    "another\n"
    "gate could be found that it fits. A time step (T) under 30 seconds is for tools, not for typing.\n"
    "Keys: ssh-ed25519, RSA of 3072 bits or more, ECDSA, and security keys (sk-…). The certificates of an\n"
    "authority must name the rep or the account as a principal, and be asked for by no option but\n"
    "source-address and verify-required.\n"
    "WebAuthn: the file is what fido2-cred -V of libfido2 prints, the credential's id in Base64 and the "
    "public "
    "key in\n"
    "PEM (ECDSA on P-256, Ed25519, RSA of 3072 bits or more). The relying party is the gate's host name. "
    "With "
    "the key\n"
    "at hand, on any machine:\n"
    "  { openssl rand -base64 32; echo gate.example.com; echo kim; openssl rand -base64 32; } > param\n"
    "  fido2-cred -M -i param /dev/hidraw0 es256 | fido2-cred -V -o cred es256";

void add_enroll(const Command& reps, ConsoleContext& context) {
  const auto options = std::make_shared<EnrollOptions>();
  const auto command =
      reps.subcommand("enroll", "Give a rep a new secret, shown once; or keys to sign challenges with");
  command.option("name", options->secret.name, "the rep").required();
  const auto suite = command.option("--suite", options->secret.suite,
                                    "OCRA suite (RFC 6287), e.g. OCRA-1:HOTP-SHA256-8:QA10");
  command.flag("--mutual", options->secret.mutual, "the gate must answer a question of the rep's first");
  command.flag("--one-way", options->secret.one_way, "it need not any more");
  command.flag("--pin-stdin", options->secret.pin_stdin,
               "for a suite with a PIN: from standard input, not asked for");
  command.flag("--no-qr", options->no_qr, "as text only");
  command
      .option("--key", options->key_files.keys, "file of a public key that signs challenges (id_ed25519.pub)")
      .excludes(suite);
  command
      .option("--authority", options->key_files.authorities,
              "file of a public key that certifies such keys (ssh-keygen -s)")
      .excludes(suite);
  command
      .option("--webauthn", options->key_files.credentials,
              "file of a security key's credential, for the HTTPS door (fido2-cred -V)")
      .excludes(suite);
  command.footer(kEnrollFooter);
  command.runs([&context, options] { run_command(context, [&] { return enroll(context, *options); }); });
}

}  // namespace

void add_rep_commands(const Command& app, ConsoleContext& context) {
  const auto reps = app.subcommand("rep", "Service representatives: add, enroll, show, list, suspend, remove")
                        .heading(group::setup);
  reps.needs_subcommand();
  reps.footer("Example:\n  sallyport rep add kim && sallyport rep enroll kim");
  add_add(reps, context);
  add_list(reps, context);
  add_remove(reps, context);
  add_enroll(reps, context);
  add_rep_key_commands(reps, context);
  add_rep_set_commands(reps, context);
}

}  // namespace sallyport
