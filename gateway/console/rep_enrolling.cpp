// Runs in: sallyport.
#include "gateway/console/rep_enrolling.h"

#include "auth/ocra_suite.h"
#include "base/escape.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/prompt.h"
#include "gateway/console/qr_code.h"
#include "gateway/console/table.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// The suite that will be enrolled: asked for, or the one that the rep has.
Result<OcraSuite> suite_of(ControlClient& client, const SecretOptions& options) {
  if (!options.suite.empty()) return OcraSuite::parse(options.suite);
  ASSIGN_OR_RETURN(const auto reply, client.ask({{"ask", "rep.list"}}));
  for (const auto& rep : member(reply.result, "reps"))
    if (text_of(rep, "name") == options.name) return OcraSuite::parse(text_of(rep, "suite"));
  return fail("no rep '{}' (sallyport rep list shows them)", options.name);
}

// Twice, because nobody sees what is typed.
Result<Secret> ask_pin() {
  ASSIGN_OR_RETURN(auto pin, ask_secret("PIN"));
  ASSIGN_OR_RETURN(const auto again, ask_secret("PIN again"));
  if (!pin.equals(again.reveal())) return fail("the two PINs differ");
  return pin;
}

Result<Secret> read_pin_from_stdin() {
  ASSIGN_OR_RETURN(const auto text, read_secret_file("-"));
  return Secret{text.reveal().substr(0, text.reveal().find_first_of("\r\n"))};
}

Result<Json> enroll_request(ControlClient& client, const SecretOptions& options) {
  if (options.mutual && options.one_way) return fail("--mutual and --one-way exclude each other");
  ASSIGN_OR_RETURN(const auto suite, suite_of(client, options));
  Json request{{"ask", "rep.enroll"}, {"name", options.name}};
  if (!options.suite.empty()) request["suite"] = options.suite;
  if (options.mutual || options.one_way) request["mutual"] = options.mutual;
  if (options.pin_stdin && !suite.pin_hash()) return fail("suite {} has no PIN", suite.text());
  if (suite.pin_hash()) {
    ASSIGN_OR_RETURN(const auto pin, options.pin_stdin ? read_pin_from_stdin() : ask_pin());
    request["pin"] = pin.reveal();
  }
  return request;
}

// In groups of four, so that it can be read aloud and typed.
Secret grouped(std::string_view secret) {
  std::string text;
  for (std::size_t i = 0; i < secret.size(); i += 4) {
    if (i > 0) text += ' ';
    text += secret.substr(i, 4);
  }
  return Secret::taking(std::move(text));
}

// What an authenticator scans: the scheme is our own, in the manner of otpauth://.
Secret enrollment_uri(const std::string& rep, const std::string& gate, const std::string& suite, bool mutual,
                      const Secret& secret) {
  return Secret::taking(fmt::format("ocra://{}@{}?suite={}{}&secret={}", rep, gate, suite,
                                    mutual ? "&mutual=true" : "", secret.reveal()));
}

// What the rep types to store it: sallyport-respond must know what the gate expects of it.
std::string save_command(const std::string& suite, bool mutual) {
  return fmt::format("sallyport-respond --save{}{}", suite == kDefaultOcraSuite ? "" : " --suite " + suite,
                     mutual ? " --mutual" : "");
}

}  // namespace

Json Enrollment::document() const {
  Json whole = told;
  whole["secret"] = secret.reveal();
  return whole;
}

Result<Enrollment> enroll_secret(ConsoleContext& context, const SecretOptions& options) {
  ASSIGN_OR_RETURN(auto client, connect(context));
  ASSIGN_OR_RETURN(const auto status, client.ask({{"ask", "status"}}));
  ASSIGN_OR_RETURN(const auto request, enroll_request(client, options));
  ASSIGN_OR_RETURN(auto reply, client.ask(request));
  auto& told = reply.result;
  if (!member(told, "secret").is_string()) return fail("the gate sent no secret");
  // Out of the JSON, so that it is wiped when it has been shown (I9).
  Secret secret = Secret::taking(std::move(told["secret"].get_ref<std::string&>()));
  told.erase("secret");
  return Enrollment{std::move(told), std::move(secret), text_of(status.result, "gate")};
}

Done print_enrollment(const ConsoleContext& context, const Enrollment& enrollment, bool with_qr) {
  const auto& told = enrollment.told;
  const auto& secret = enrollment.secret;
  const auto name = text_of(member(told, "rep"), "name"), suite = text_of(told, "suite");
  const bool mutual = told.value("mutual", false);
  print(fmt::format("{}\nIt is shown this once. Give it to the rep on a way that nobody else reads.\n\n",
                    painted("The secret of " + name, Color::strong, context.color)));
  print(fmt::format("  secret  {}\n  suite   {}\n{}\n", grouped(secret.reveal()).reveal(),
                    escape_terminal(suite),
                    mutual ? "  mutual  yes: the gate answers a question of the rep's first\n" : ""));
  if (with_qr) {
    ASSIGN_OR_RETURN(const auto code,
                     qr_code(enrollment_uri(name, enrollment.gate, suite, mutual, secret), context.color));
    print(code + "\n");
  }
  print(fmt::format(
      "The rep runs, and gives it the secret:\n  {}\nAfter that, sallyport-respond answers each challenge.\n",
      escape_terminal(save_command(suite, mutual))));
  return {};
}

}  // namespace sallyport
