// target add, list, scan, pin. Runs in: sallyportd (privileged). The monitor connects; the console reads the
// key.
#include "base/file.h"
#include "base/log.h"
#include "gateway/monitor/commands.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/stored_secret.h"
#include "policies/certificate_pin.h"
#include "policies/file_formats.h"
#include "policies/host_key.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostAddresses = 8, kMostPins = 8, kMostHostKeys = limit::keys,
                      kLongestSecret = limit::key;
constexpr std::chrono::seconds kScanTime{15};  // how long the way to a target stays open for reading its key

Json fingerprints_of(const Target& target) {
  Json fingerprints = Json::array();
  for (const auto& line : target.host_keys) {
    const auto key = HostKey::parse(line);
    fingerprints.push_back(key ? fmt::format("{} ({})", key->fingerprint(), key->label()) : "?");
  }
  return fingerprints;
}

Json texts_of(const std::vector<Address>& addresses) {
  Json texts = Json::array();
  for (const auto& address : addresses) texts.push_back(address.text());
  return texts;
}

Json pins_of(const Target& target) {
  Json pins = Json::array();
  if (target.https)
    for (const auto& pin : target.https->pins) pins.push_back(std::string{kPinPrefix} + pin);
  return pins;
}

Json https_json(const Target& target) {
  if (!target.https) return nullptr;
  return {{"port", target.https->port.value()},
          {"name", target.https->name},
          {"pins", pins_of(target)},
          {"authorities", target.https->authorities.string()}};
}

Json to_json(const Target& target) {
  Json systems = Json::array();
  for (const auto& system : target.managed_systems)
    systems.push_back({{"name", system.name},
                       {"description", system.description},
                       {"addresses", texts_of(system.addresses)}});
  return {{"name", target.name},
          {"description", target.description},
          {"kind", to_text(target.kind)},
          {"managed_systems", systems},
          {"addresses", texts_of(target.addresses)},
          {"ssh_port", target.ssh_port.value()},
          {"https", https_json(target)},
          {"legacy", target.legacy},
          {"user", target.user},
          {"login", to_text(target.login)},
          {"fingerprints", fingerprints_of(target)}};
}

std::filesystem::path target_file(const Gate& gate, const std::string& name) {
  return gate.options.config / "targets" / (name + ".toml");
}

Result<const Target*> named_target(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto name, context.text("name"));
  const auto found = context.gate.catalogue.targets.find(name);
  if (found == context.gate.catalogue.targets.end())
    return fail("no target '{}' (sallyport target list shows them)", name);
  return &found->second;
}

Result<std::vector<Address>> addresses_in(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto texts, context.texts("addresses", kMostAddresses, 64));
  std::vector<Address> addresses;
  for (const auto& text : texts) {
    ASSIGN_OR_RETURN(const auto address, Address::parse(text));
    addresses.push_back(address);
  }
  return addresses;
}

Result<Port> port_in(const CommandContext& context, const char* key, std::uint64_t otherwise) {
  ASSIGN_OR_RETURN(const auto given, context.number(key));
  const auto port = given.value_or(otherwise);
  if (port == 0 || port > 65535) return fail("'{}' is {}; expected 1 to 65535", key, port);
  return Port{static_cast<std::uint16_t>(port)};
}

Result<TargetLogin> login_in(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto text, context.text_or("login", "prompt"));
  for (const auto login : {TargetLogin::key, TargetLogin::password, TargetLogin::prompt})
    if (text == to_text(login)) return login;
  return fail("'{}' is not a way to log in (expected key, password or prompt)", text);
}

Result<TargetKind> kind_in(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto text, context.text_or("kind", "power"));
  for (const auto kind : {TargetKind::power, TargetKind::ds8000})
    if (text == to_text(kind)) return kind;
  return fail("'{}' is not a kind of target (expected power or ds8000)", text);
}

Result<std::vector<std::string>> host_keys_in(const CommandContext& context) {
  ASSIGN_OR_RETURN(auto lines, context.texts("host_keys", kMostHostKeys, limit::key));
  for (const auto& line : lines) {
    if (const auto key = HostKey::parse(line); !key) return tl::unexpected{key.error()};
  }
  return lines;
}

// As the target is to have it, from `https_port`, `https_name` and `pins`; what is not said stays.
Result<TargetHttps> https_in(const CommandContext& context, const Target& target) {
  auto site = target.https.value_or(TargetHttps{});
  if (!site.authorities.empty())
    return fail(
        "the certificate of '{}' is known by 'authorities' in [https] of its file: take that out first",
        target.name);
  ASSIGN_OR_RETURN(site.port, port_in(context, "https_port", site.port.value()));
  const auto usual = site.name.empty() ? target.addresses.front().text() : site.name;
  ASSIGN_OR_RETURN(site.name, context.text_or("https_name", usual));
  if (!is_host_name(site.name) && !Address::parse(site.name))
    return fail("'https_name' is neither a host name nor an address");
  ASSIGN_OR_RETURN(const auto pins, context.texts("pins", kMostPins, 64));
  site.pins.clear();
  for (const auto& text : pins) {
    ASSIGN_OR_RETURN(auto pin, parse_pin(text));
    site.pins.push_back(std::move(pin));
  }
  return site;
}

Entry by_https(const CommandContext& context, const char* event, const Target& target) {
  return {event, {{"target", target.name}, {"by", context.actor.name}, {"pins", pins_of(target)}}};
}

Entry by(const CommandContext& context, const char* event, const Target& target) {
  return {event,
          {{"target", target.name}, {"by", context.actor.name}, {"fingerprints", fingerprints_of(target)}}};
}

// Writes the file and reads everything again; puts back what was there when the whole does not hold.
Done store(Gate& gate, const Target& target) {
  const auto path = target_file(gate, target.name);
  const auto before = read_trusted_file(path, Trust::owned_by_root);
  RETURN_IF_ERROR(replace_file(path, to_toml(target), 0644));
  auto reloaded = reload(gate);
  if (reloaded) return {};
  std::error_code ignored;
  if (before)
    (void)replace_file(path, *before, 0644);
  else
    std::filesystem::remove(path, ignored);
  return reloaded;
}

}  // namespace

CommandResult target_add_command(const CommandContext& context) {
  Gate& gate = context.gate;
  Target target;
  ASSIGN_OR_RETURN(target.name, context.text("name"));
  if (!is_name(target.name))
    return fail("'{}' is not a name: a-z, 0-9, then also . _ -, at most 32", target.name);
  if (gate.catalogue.targets.contains(target.name)) return fail("target '{}' is there already", target.name);
  ASSIGN_OR_RETURN(target.description, context.text_or("description"));
  ASSIGN_OR_RETURN(target.kind, kind_in(context));
  ASSIGN_OR_RETURN(target.addresses, addresses_in(context));
  ASSIGN_OR_RETURN(target.ssh_port, port_in(context, "ssh_port", 22));
  ASSIGN_OR_RETURN(target.user, context.text("user", limit::user));
  ASSIGN_OR_RETURN(target.login, login_in(context));
  ASSIGN_OR_RETURN(target.host_keys, host_keys_in(context));
  ASSIGN_OR_RETURN(target.legacy, context.flag("legacy"));
  if (context.arguments.contains("pins")) {
    ASSIGN_OR_RETURN(target.https, https_in(context, target));
  }
  Secret secret;
  if (target.login != TargetLogin::prompt) {
    ASSIGN_OR_RETURN(auto text, context.text("secret", kLongestSecret));
    secret = Secret::taking(std::move(text));
    target.secret_file = gate.options.config / "secrets" / "targets" / target.name;
  }
  RETURN_IF_ERROR(gate.ledger.note(by(context, "target.added", target)));
  if (target.https) RETURN_IF_ERROR(gate.ledger.note(by_https(context, "target.https_pinned", target)));
  if (!secret.empty()) RETURN_IF_ERROR(store_secret(gate, target.secret_file, secret));
  RETURN_IF_ERROR(store(gate, target));
  return Json{{"target", to_json(gate.catalogue.targets.at(target.name))}};
}

CommandResult target_list_command(const CommandContext& context) {
  Json targets = Json::array();
  for (const auto& [name, target] : context.gate.catalogue.targets) targets.push_back(to_json(target));
  return Json{{"targets", targets}};
}

CommandResult target_pin_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Target* const found, named_target(context));
  Target target = *found;
  ASSIGN_OR_RETURN(target.host_keys, host_keys_in(context));
  RETURN_IF_ERROR(context.gate.ledger.note(by(context, "target.pinned", target)));
  RETURN_IF_ERROR(store(context.gate, target));
  return Json{{"target", to_json(context.gate.catalogue.targets.at(target.name))}};
}

CommandResult target_pin_https_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Target* const found, named_target(context));
  Target target = *found;
  ASSIGN_OR_RETURN(target.https, https_in(context, target));
  RETURN_IF_ERROR(context.gate.ledger.note(by_https(context, "target.https_pinned", target)));
  RETURN_IF_ERROR(store(context.gate, target));
  return Json{{"target", to_json(context.gate.catalogue.targets.at(target.name))}};
}

// The verb behind target.scan: the way to one target opens for a few seconds, journaled first, and the
// connected socket goes to the admin's console, which reads the host key on it, or the certificate. The
// monitor speaks neither SSH nor TLS.
CommandResult target_scan_command(const CommandContext& context) {
  Gate& gate = context.gate;
  Target target;
  if (context.arguments.contains("name")) {
    ASSIGN_OR_RETURN(const Target* const found, named_target(context));
    target = *found;
  } else {
    ASSIGN_OR_RETURN(target.addresses, addresses_in(context));
    ASSIGN_OR_RETURN(target.ssh_port, port_in(context, "ssh_port", 22));
    target.name = target.addresses.front().text();
  }
  ASSIGN_OR_RETURN(const auto service, context.text_or("service", "ssh"));
  if (service != "ssh" && service != "https")
    return fail("'{}' is not looked at (expected ssh or https)", service);
  const bool web = service == "https";
  const auto usual = target.https ? target.https->port : Port{443};
  ASSIGN_OR_RETURN(const auto https_port, port_in(context, "https_port", usual.value()));
  const auto port = web ? https_port : target.ssh_port;
  RETURN_IF_ERROR(gate.ledger.note(web ? by_https(context, "target.https_scanned", target)
                                       : by(context, "target.scanned", target)));
  std::vector<Opening> openings;
  std::vector<Endpoint> endpoints;
  for (const auto& address : target.addresses) {
    openings.push_back(
        {Opening::Way::dial, Network::of(address), Transport::tcp, port, gate.clock.boot() + kScanTime});
    endpoints.push_back({address, port.value()});
  }
  ASSIGN_OR_RETURN(auto lease, gate.firewall.open(openings));
  const auto connection = context.connection;
  auto dial = std::make_unique<Dial>(
      gate.loop, std::move(endpoints), [&gate, connection](Result<Dial::Connected> dialled) {
        ControlConnection* const console = gate.control->find(connection);
        if (console != nullptr && dialled)
          console->answer({{"address", dialled->endpoint.text()}}, dialled->socket.get());
        if (console != nullptr && !dialled)
          console->refuse("the target cannot be reached: " + dialled.error().message());
      });
  // The lease stays until the console hangs up, scans again, or the kernel's own deadline closes it.
  gate.scans[connection] = {std::move(dial), std::move(lease)};
  return std::optional<Json>{};
}

}  // namespace sallyport
