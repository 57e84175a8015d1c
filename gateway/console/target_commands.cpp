// target add, list, scan. Runs in: sallyport.
#include "gateway/console/commands.h"

#include <algorithm>
#include <memory>

#include "base/escape.h"
#include "gateway/console/control_client.h"
#include "gateway/console/output.h"
#include "gateway/console/prompt.h"
#include "gateway/console/table.h"
#include "gateway/console/target_adding.h"
#include "gateway/console/target_certificate.h"
#include "gateway/review/values.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

struct ScanOptions {
  std::string name;
  std::vector<std::string> addresses;
  std::uint16_t port = 22;
  HttpsOptions https;
  bool https_port_given = false;
  PinOptions pin;
};

// Returns --expect.
Argument add_pin_options(const Command& command, PinOptions& options) {
  const auto expect = command
                          .option("--expect", options.expected,
                                  "pin the key with this fingerprint (SHA256:…), the certificate with this "
                                  "pin (sha256//…), and ask nothing")
                          .separated_by_commas();
  command.flag("--yes", options.yes, "ask nothing; needs --expect, a script must name what it trusts")
      .needs(expect);
  return expect;
}

void print_target(const ConsoleContext& context, const Json& result, const char* what) {
  if (context.json) return print_json(result);
  const auto& target = member(result, "target");
  print(fmt::format("Target {} {}. Pinned: {}\n", escape_terminal(text_of(target, "name")), what,
                    escape_terminal(join(texts_of(target, "fingerprints")))));
}

void add_add(const Command& targets, ConsoleContext& context) {
  const auto options = std::make_shared<NewTarget>();
  const auto command = targets.subcommand("add", "Make an HMC known: reads its host key, asks, pins it");
  command.option("name", options->name, "how it is called here: a-z, 0-9, '.', '_', '-'").required();
  command.option("--address", options->addresses, "its IP addresses, separated by commas, tried in order")
      .required()
      .separated_by_commas();
  command.option("--port", options->port, "its SSH port").shows_default();
  command.option("--user", options->user, "whom to log in as there").required();
  command
      .option("--login", options->login,
              "prompt: the rep answers its prompts; key or password: stored at the gate")
      .one_of({"prompt", "key", "password"})
      .shows_default();
  command.option("--secret-file", options->secret_file,
                 "the private key or the password; - is standard input; else asked");
  command.option("--description", options->description, "e.g. \"Power HMC, room 7\"");
  command.flag("--legacy", options->legacy, "also offer it SHA-1, CBC and the like: an old HMC; journaled");
  const auto key =
      command.option("--host-key", options->host_key, "its public key line, known from elsewhere: no scan");
  const auto https = command.flag("--https", options->https.wanted,
                                  "also its web interface: reads its certificate, asks, pins it");
  command.option("--https-port", options->https.port, "its port").shows_default().needs(https);
  command.option("--https-name", options->https.name, "what it is called in URLs; else its first address")
      .needs(https);
  add_pin_options(command, options->pin).excludes(key);
  command.footer(
      "Example:\n  sallyport target add hmc1 --address 198.51.100.10 --user hscroot --login prompt");
  command.runs([&context, options] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, add_target(context, *options));
      print_target(context, result, "is known");
      return {};
    });
  });
}

void add_list(const Command& targets, ConsoleContext& context) {
  const auto command = targets.subcommand("list", "The HMCs that are known");
  command.footer("Example:\n  sallyport target list");
  command.runs([&context] {
    run_command(context, [&]() -> Done {
      ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "target.list"}}));
      if (context.json) return print_json(result), Done{};
      Table table{{"TARGET", "ADDRESSES", "PORT", "USER", "LOGIN", "HOST KEYS", "DESCRIPTION"},
                  context.color};
      for (const auto& target : member(result, "targets"))
        table.add({text_of(target, "name"), join(texts_of(target, "addresses")),
                   std::to_string(number_of(target, "ssh_port")), text_of(target, "user"),
                   text_of(target, "login"), join(texts_of(target, "fingerprints")),
                   text_of(target, "description")});
      print(table.empty() ? "No targets. Add one: sallyport target add NAME …\n" : table.text());
      return {};
    });
  });
}

// What is known of `name` now.
Result<Json> known_target(ConsoleContext& context, const std::string& name) {
  ASSIGN_OR_RETURN(const auto result, ask(context, {{"ask", "target.list"}}));
  for (const auto& target : member(result, "targets"))
    if (text_of(target, "name") == name) return target;
  return fail("no target '{}' (sallyport target list shows them)", escape_terminal(name));
}

bool same_keys(const std::vector<HostKey>& keys, const std::vector<std::string>& pinned) {
  const auto is_pinned = [&](const HostKey& key) { return is_among(key, pinned); };
  return keys.size() == pinned.size() && std::all_of(keys.begin(), keys.end(), is_pinned);
}

Json scan_json(const std::vector<HostKey>& keys, const std::vector<std::string>& pinned) {
  Json list = Json::array();
  for (const auto& key : keys)
    list.push_back({{"type", key.label()},
                    {"fingerprint", key.fingerprint()},
                    {"line", key.line()},
                    {"pinned", is_among(key, pinned)}});
  return {{"host_keys", list}};
}

// With --json what came of it goes into `result`.
Done pin(ConsoleContext& context, const std::string& name, const std::vector<HostKey>& keys, Json& result) {
  ASSIGN_OR_RETURN(result,
                   ask(context, {{"ask", "target.pin"}, {"name", name}, {"host_keys", lines_of(keys)}}));
  if (!context.json) print_target(context, result, "has new pinned keys");
  return {};
}

Done scan_known_keys(ConsoleContext& context, const ScanOptions& options,
                     const std::vector<std::string>& pinned, Json& result) {
  ASSIGN_OR_RETURN(const auto keys, scan_keys(context, {{"name", options.name}}));
  if (!options.pin.expected.empty()) {
    ASSIGN_OR_RETURN(const auto expected, expected_of(keys, options.pin.keys()));
    return pin(context, options.name, expected, result);
  }
  if (context.json) return result.update(scan_json(keys, pinned)), Done{};
  print(keys_text(keys, pinned, context.color));
  if (same_keys(keys, pinned)) return print("The target has the pinned keys and no others.\n"), Done{};
  print(fmt::format("Pinned now: {}\nCompare with what the target's own console shows.\n",
                    escape_terminal(join(pinned))));
  if (!confirm("Pin what the target has instead?")) return fail("nothing was changed");
  return pin(context, options.name, keys, result);
}

// What --expect names decides what is looked at; without it, all that the target's file has, or --https asks
// for.
Done scan_known(ConsoleContext& context, const ScanOptions& options) {
  ASSIGN_OR_RETURN(const auto target, known_target(context, options.name));
  const auto pins = options.pin.pins();
  const bool all = options.pin.expected.empty();
  const bool web = all ? options.https.wanted || !member(target, "https").is_null() : !pins.empty();
  Json result = Json::object();
  if (all || !options.pin.keys().empty())
    RETURN_IF_ERROR(scan_known_keys(context, options, texts_of(target, "fingerprints"), result));
  if (web)
    RETURN_IF_ERROR(scan_known_certificate(
        context, target, options.https_port_given ? options.https.port : std::uint16_t{0}, pins, result));
  if (context.json) print_json(result);
  return {};
}

Done scan_address(ConsoleContext& context, const ScanOptions& options) {
  ASSIGN_OR_RETURN(const auto keys,
                   scan_keys(context, {{"addresses", options.addresses}, {"ssh_port", options.port}}));
  auto result = scan_json(keys, {});
  auto text = keys_text(keys, {}, context.color);
  if (options.https.wanted) {
    ASSIGN_OR_RETURN(
        const auto shown,
        scan_certificate(context, {{"addresses", options.addresses}, {"https_port", options.https.port}},
                         ""));
    result["certificate"] = certificate_json(shown, {});
    text += certificate_text(shown, {});
  }
  if (context.json)
    print_json(result);
  else
    print(text);
  return {};
}

void add_scan(const Command& targets, ConsoleContext& context) {
  const auto options = std::make_shared<ScanOptions>();
  const auto command =
      targets.subcommand("scan", "Show an HMC's host keys and certificate, and pin them anew after asking");
  const auto name = command.option("name", options->name, "a known target");
  const auto address =
      command.option("--address", options->addresses, "or an address: shows its keys, pins nothing")
          .separated_by_commas()
          .excludes(name);
  command.option("--port", options->port, "SSH port at that address").shows_default().needs(address);
  const auto https = command.flag("--https", options->https.wanted,
                                  "also its web interface's certificate, if its file has no [https] yet");
  const auto https_port =
      command.option("--https-port", options->https.port, "the port of that").shows_default().needs(https);
  add_pin_options(command, options->pin).needs(name);
  command.footer(
      "Example:\n  sallyport target scan hmc1\n  sallyport target scan hmc1 --expect SHA256:…\n"
      "  sallyport target scan hmc1 --https --expect sha256//…");
  command.runs([&context, options, name, address, https_port] {
    options->https_port_given = https_port.is_given();
    if (!name.is_given() && !address.is_given()) {
      context.exit_code = exit_code::wrong_usage;
      return report(context,
                    Error{"a target's name or --address is required (see: sallyport target scan --help)"});
    }
    run_command(context, [&] {
      return options->name.empty() ? scan_address(context, *options) : scan_known(context, *options);
    });
  });
}

}  // namespace

void add_target_commands(const Command& app, ConsoleContext& context) {
  const auto targets = app.subcommand("target", "HMCs: add, list, scan").heading(group::setup);
  targets.needs_subcommand();
  targets.footer(
      "Example:\n  sallyport target add hmc1 --address 198.51.100.10 --user hscroot --login prompt");
  add_add(targets, context);
  add_list(targets, context);
  add_scan(targets, context);
}

}  // namespace sallyport
