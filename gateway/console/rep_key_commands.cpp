// rep enroll --key, --authority and --webauthn, unenroll, show, suspend, resume. Runs in: sallyport.
#include "gateway/console/rep_key_commands.h"

#include "auth/ssh_signature/enrolled_keys.h"
#include "auth/webauthn/credential_file.h"
#include "base/escape.h"
#include "base/secret.h"
#include "gateway/console/control_client.h"
#include "gateway/console/named_input.h"
#include "gateway/console/output.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestKeyText = 48 * 1024;

// As the gate takes it: what a tool wrote of a WebAuthn credential is one line there.
Result<std::string> as_lines(const std::string& text, KeyRole role) {
  if (role == KeyRole::webauthn) {
    ASSIGN_OR_RETURN(const auto entry, read_credential_file(text));
    return entry.public_line();
  }
  RETURN_IF_ERROR(parse_public_keys(text, role));
  return text;
}

// Looked at here too: a private key handed in by mistake does not leave this process.
Result<std::string> read_public_keys(const std::string& path, KeyRole role) {
  ASSIGN_OR_RETURN(auto text, read_named_input(path, kLongestKeyText));
  auto lines = as_lines(text, role);
  if (lines) return lines;
  wipe(text);
  return tl::unexpected{lines.error().within(path)};
}

Table table_of(const Json& keys, bool color) {
  Table table{{"ROLE", "TYPE", "FINGERPRINT", "ENROLLED", "COMMENT"}, color};
  for (const auto& key : keys)
    table.add({text_of(key, "role"), text_of(key, "type"), text_of(key, "fingerprint"),
               time_text(text_of(key, "enrolled_at")), text_of(key, "comment")});
  return table;
}

Done enroll_file(ControlClient& client, const std::string& name, const std::string& path, KeyRole role,
                 Json& enrolled) {
  ASSIGN_OR_RETURN(const auto text, read_public_keys(path, role));
  ASSIGN_OR_RETURN(
      const auto reply,
      client.ask({{"ask", "rep.enroll_keys"}, {"name", name}, {"role", to_text(role)}, {"text", text}}));
  for (const auto& key : member(reply.result, "enrolled")) enrolled.push_back(key);
  return {};
}

struct RepReason {
  std::string name, reason;
};

// suspend and resume: a name, perhaps a reason, and a sentence about what is so now.
void add_switch(const Command& reps, ConsoleContext& context, const char* verb, const char* description,
                const char* footer, const char* sentence) {
  const auto options = std::make_shared<RepReason>();
  const auto command = reps.subcommand(verb, description);
  command.option("name", options->name, "the rep").required();
  command.option("--reason", options->reason, "for the record");
  command.footer(footer);
  command.runs([&context, options, verb, sentence] {
    run_command(context, [&]() -> Done {
      Json request{{"ask", std::string{"rep."} + verb}, {"name", options->name}};
      if (!options->reason.empty()) request["reason"] = options->reason;
      ASSIGN_OR_RETURN(const auto result, ask(context, request));
      if (context.json) return print_json(result), Done{};
      print(fmt::format("Rep {} {}.\n", escape_terminal(options->name), sentence));
      for (const auto& notice : texts_of(result, "notices")) print(escape_terminal(notice) + "\n");
      return {};
    });
  });
}

void print_rep(const ConsoleContext& context, const Json& rep) {
  const auto line = [&](const char* label, const std::string& value) {
    if (!value.empty()) print(fmt::format("  {:<10} {}\n", label, escape_terminal(value)));
  };
  const bool suspended = member(rep, "suspended") == true, enrolled = member(rep, "enrolled") == true;
  print(painted("Rep " + text_of(rep, "name"), Color::strong, context.color) + "\n");
  line("full name", text_of(rep, "full_name"));
  line("contact", text_of(rep, "contact"));
  line("account", text_of(rep, "account"));
  const auto method = text_of(rep, "method");
  line("challenge", method == "ocra" ? "ocra, " + text_of(rep, "suite") : method);
  if (method != "webauthn" && member(rep, "webauthn") == true) line("by HTTPS", "webauthn");
  const auto at = time_text(text_of(rep, "enrolled_at"));
  line("enrolled", !enrolled ? "no" : at.empty() ? "yes" : at);
  if (suspended)
    print("  suspended  " + painted("yes: nobody gets in by this name", Color::bad, context.color) + "\n");
  if (!member(rep, "keys").empty()) print("\n" + table_of(member(rep, "keys"), context.color).text());
}

void add_show(const Command& reps, ConsoleContext& context) {
  const auto name = std::make_shared<std::string>();
  const auto command = reps.subcommand("show", "A rep's method, enrolled keys, and whether suspended");
  command.option("name", *name, "the rep").required();
  command.footer("Example:\n  sallyport rep show kim");
  command.runs([&context, name] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "rep.show"}, {"name", *name}}));
      if (context.json)
        print_json(result);
      else
        print_rep(context, member(result, "rep"));
      return {};
    });
  });
}

struct RepKey {
  std::string name, fingerprint;
};

void add_unenroll(const Command& reps, ConsoleContext& context) {
  const auto options = std::make_shared<RepKey>();
  const auto command = reps.subcommand("unenroll", "Take one key or authority from a rep");
  command.option("name", options->name, "the rep").required();
  command.option("fingerprint", options->fingerprint, "SHA256:…, as rep show prints it").required();
  command.footer("Example:\n  sallyport rep unenroll kim SHA256:0oR0…");
  command.runs([&context, options] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "rep.unenroll"},
                                                        {"name", options->name},
                                                        {"fingerprint", options->fingerprint}}));
      if (context.json) return print_json(result), Done{};
      const auto left = number_of(result, "left");
      print(fmt::format("Rep {} no longer signs with it. Keys left: {}.\n", escape_terminal(options->name),
                        left));
      return {};
    });
  });
}

}  // namespace

Result<Json> enroll_keys(ConsoleContext& context, const std::string& name, const KeyFiles& files) {
  ASSIGN_OR_RETURN(auto client, connect(context));
  Json enrolled = Json::array();
  for (const auto& path : files.keys)
    RETURN_IF_ERROR(enroll_file(client, name, path, KeyRole::key, enrolled));
  for (const auto& path : files.authorities)
    RETURN_IF_ERROR(enroll_file(client, name, path, KeyRole::authority, enrolled));
  for (const auto& path : files.credentials)
    RETURN_IF_ERROR(enroll_file(client, name, path, KeyRole::webauthn, enrolled));
  return Json{{"enrolled", enrolled}};
}

void print_enrolled_keys(const ConsoleContext& context, const std::string& name, const KeyFiles& files,
                         const Json& told) {
  print(
      fmt::format("Enrolled for rep {}; compare the fingerprints with the rep's (ssh-keygen -lf FILE):\n\n{}",
                  escape_terminal(name), table_of(member(told, "enrolled"), context.color).text()));
  if (!files.keys.empty() || !files.authorities.empty())
    print(
        "\nThe rep answers each challenge with sallyport-respond, or with ssh-keygen -Y sign -n "
        "sallyport.\n");
  if (!files.credentials.empty())
    print(
        "\nThe rep answers each challenge at the HTTPS door with this security key, in a browser. Its "
        "fingerprint there:\n"
        "  tail -n +2 FILE | ssh-keygen -i -m PKCS8 -f /dev/stdin | ssh-keygen -lf -\n");
}

void add_rep_key_commands(const Command& reps, ConsoleContext& context) {
  add_show(reps, context);
  add_unenroll(reps, context);
  add_switch(reps, context, "suspend", "Let nobody in by this name until resume",
             "Example:\n  sallyport rep suspend kim --reason \"laptop lost\"\n"
             "Grants, keys and secrets stay. A session that is running goes on.",
             "is suspended: nobody gets in by this name");
  add_switch(reps, context, "resume", "End a suspension", "Example:\n  sallyport rep resume kim",
             "may come again");
}

}  // namespace sallyport
