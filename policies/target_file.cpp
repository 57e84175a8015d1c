// targets/NAME.toml, reading and writing. Runs in: sallyportd, sallyport.
#include <algorithm>
#include <array>
#include <utility>

#include "base/escape.h"
#include "base/file.h"
#include "policies/certificate_pin.h"
#include "policies/file_formats.h"
#include "policies/host_key.h"
#include "policies/ssh_algorithms.h"

namespace sallyport {

namespace {

constexpr std::size_t kMostAddresses = 8;
constexpr std::size_t kMostHostKeys = 16;
constexpr std::size_t kMostManagedSystems = 64;
constexpr std::size_t kLongestDescription = 256;
constexpr std::ptrdiff_t kMostHmcsOfDs8000 = 2;
constexpr std::size_t kMostAlgorithms = 32;
// One message to a worker must hold them.
constexpr std::size_t kMostAliases = 16, kMostPins = 8, kMostAuthorities = 32 * 1024;
constexpr std::array<std::pair<const char*, std::vector<std::string> SshAlgorithms::*>, 4> kAlgorithmKeys{
    {{"key_exchanges", &SshAlgorithms::key_exchanges},
     {"ciphers", &SshAlgorithms::ciphers},
     {"macs", &SshAlgorithms::macs},
     {"host_key_algorithms", &SshAlgorithms::host_keys}}};

std::filesystem::path usual_secret_file(const std::filesystem::path& folder, const std::string& name) {
  return folder / "secrets" / "targets" / name;
}

std::vector<Address> read_addresses(TableReader& table, std::string_view expected) {
  std::vector<Address> addresses;
  for (const auto& [line, address] : table.values("addresses", kMostAddresses, Address::parse)) {
    if (!is_host_address(address))
      table.problem(line, fmt::format("{} is not an address of one host", address.text()));
    else if (std::find(addresses.begin(), addresses.end(), address) != addresses.end())
      table.problem(line, fmt::format("address {} is there twice", address.text()));
    else
      addresses.push_back(address);
  }
  if (!table.has("addresses"))
    table.missing("addresses", expected);
  else if (addresses.empty())
    table.problem(table.line_of("addresses"), "'addresses' names no usable address (expected at least one)");
  return addresses;
}

std::ptrdiff_t count_of(const std::vector<Address>& addresses, Family family) {
  return std::count_if(addresses.begin(), addresses.end(),
                       [family](const Address& address) { return address.family() == family; });
}

// A DS8000 has one HMC, or two for redundancy: an address of each family for each.
void check_ds8000(TableReader& file, const Target& target) {
  for (const auto family : {Family::ipv4, Family::ipv6})
    if (const auto count = count_of(target.addresses, family); count > kMostHmcsOfDs8000)
      file.problem(file.line_of("addresses"),
                   fmt::format("'addresses' names {} {} addresses for a DS8000 (expected at most {}: its one "
                               "or two HMCs)",
                               count, family == Family::ipv4 ? "IPv4" : "IPv6", kMostHmcsOfDs8000));
  if (file.has("managed_system"))
    file.problem(file.line_of("managed_system"),
                 "[[managed_system]] in a target of kind \"ds8000\": of a DS8000 only the HMC is reached "
                 "(expected none, or kind = \"power\")");
}

// Forwarding needs one address to send to, not several to try.
void check_system_addresses(TableReader& table, const ManagedSystem& system, const Target& target) {
  for (const auto family : {Family::ipv4, Family::ipv6})
    if (const auto count = count_of(system.addresses, family); count > 1)
      table.problem(table.line_of("addresses"),
                    fmt::format("'addresses' in [[managed_system]] names {} {} addresses (expected at most "
                                "one of a family)",
                                count, family == Family::ipv4 ? "IPv4" : "IPv6"));
  for (const auto& address : system.addresses)
    if (std::find(target.addresses.begin(), target.addresses.end(), address) != target.addresses.end())
      table.problem(
          table.line_of("addresses"),
          fmt::format("address {} of managed system '{}' is the target's own", address.text(), system.name));
}

ManagedSystem read_managed_system(TableReader& table, const Target& target) {
  ManagedSystem system;
  system.name = table.required_text("name", "a short name, e.g. \"s1022-a\"", 32);
  if (!system.name.empty() && !is_name(system.name))
    table.problem(table.line_of("name"),
                  fmt::format("'name' in [[managed_system]] is \"{}\" (expected a-z, 0-9, '.', '_', '-')",
                              system.name));
  system.description = table.text("description", "", kLongestDescription);
  system.addresses = read_addresses(table, "the system's IP address, e.g. [\"198.51.100.20\"]");
  check_system_addresses(table, system, target);
  table.finish();
  return system;
}

void read_managed_systems(TableReader& file, Target& target) {
  for (auto& table : file.tables("managed_system", kMostManagedSystems)) {
    auto system = read_managed_system(table, target);
    const auto same = [&](const ManagedSystem& other) { return other.name == system.name; };
    if (std::any_of(target.managed_systems.begin(), target.managed_systems.end(), same))
      table.problem(table.line_of("name"), fmt::format("managed system '{}' is there twice", system.name));
    target.managed_systems.push_back(std::move(system));
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The names of one key. What only legacy = true allows is refused without it, with that as the way out.
std::vector<std::string> read_names(TableReader& ssh, const char* key, const std::vector<std::string>& usual,
                                    const std::vector<std::string>& legacy, bool is_legacy) {
  std::vector<std::string> names;
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const auto& [line, name] : ssh.texts(key, kMostAlgorithms)) {
    if (has(usual, name) || (is_legacy && has(legacy, name)))
      names.push_back(name);
    else if (has(legacy, name))
      ssh.problem(line,
                  fmt::format("'{}' in [ssh] names \"{}\", which is not safe any more (expected another, "
                              "or legacy = true)",
                              key, name));
    else
      ssh.problem(line, fmt::format("'{}' in [ssh] names \"{}\" (expected some of {})", key, name,
                                    listed(is_legacy ? legacy : usual)));
  }
  return names;
}

void read_algorithms(TableReader& ssh, Target& target) {
  target.legacy = ssh.boolean("legacy", false);
  const auto usual = known_to_targets(), legacy = with_legacy(usual);
  for (const auto& [key, list] : kAlgorithmKeys)
    target.algorithms.*list = read_names(ssh, key, usual.*list, legacy.*list, target.legacy);
}

void read_ssh(TableReader ssh, Target& target, std::string_view name) {
  read_algorithms(ssh, target);
  target.ssh_port = Port{static_cast<std::uint16_t>(ssh.number("port", 22, 1, 65535))};
  for (const auto& [line, key] : ssh.values("host_keys", kMostHostKeys, HostKey::parse))
    target.host_keys.push_back(key.line());
  const auto expected = fmt::format("at least one public key line; run: sallyport target scan {}", name);
  if (!ssh.has("host_keys"))
    ssh.missing("host_keys", expected);
  else if (target.host_keys.empty())
    ssh.problem(ssh.line_of("host_keys"),
                fmt::format("'host_keys' in [ssh] pins no usable key (expected {})", expected));
  ssh.finish();
}

Result<std::string> parse_host(std::string_view text) {
  if (is_host_name(text) || Address::parse(text)) return std::string{text};
  return fail("\"{}\" is neither a host name nor an address", escape_terminal(text));
}

void read_authorities(TableReader& https, TargetHttps& site) {
  const auto path = https.text("authorities", "", 4096);
  site.authorities = path;
  if (path.empty()) return;
  const auto line = https.line_of("authorities");
  if (!site.authorities.is_absolute())
    https.problem(line, fmt::format("'authorities' in [https] is \"{}\" (expected a file's full path)",
                                    escape_terminal(path)));
  else if (const auto read = read_trusted_file(site.authorities, Trust::owned_by_root, kMostAuthorities);
           !read)
    https.problem(line, "the authorities of [https]: " + read.error().message());
}

TargetHttps read_https(TableReader https, const Target& target) {
  TargetHttps site;
  site.port = Port{static_cast<std::uint16_t>(https.number("port", 443, 1, 65535))};
  const auto usual = target.addresses.empty() ? "" : target.addresses.front().text();
  site.name = https.text("name", usual, 253);
  if (https.has("name") && !parse_host(site.name))
    https.problem(https.line_of("name"),
                  fmt::format("'name' in [https] is \"{}\" (expected a host name or an "
                              "address)",
                              escape_terminal(site.name)));
  for (auto& placed : https.values("aliases", kMostAliases, parse_host))
    site.aliases.push_back(std::move(placed.value));
  for (auto& placed : https.values("pins", kMostPins, parse_pin))
    site.pins.push_back(std::move(placed.value));
  read_authorities(https, site);
  if (site.pins.empty() == site.authorities.empty())
    https.problem(
        https.line(),
        "[https] is to say how the HMC's certificate is known: expected 'pins' (for one that it signed "
        "itself) or 'authorities' (a file of certificates that sign it), and not both");
  https.finish();
  return site;
}

void read_login(TableReader login, Target& target, const std::filesystem::path& folder,
                const CheckSecret& check_secret) {
  target.login = login.choice(
      "method", TargetLogin::prompt,
      {{"prompt", TargetLogin::prompt}, {"key", TargetLogin::key}, {"password", TargetLogin::password}});
  if (!login.has("method")) login.missing("method", "\"prompt\", \"key\" or \"password\"");
  const auto secret = login.text("secret_file", "", 4096);
  login.finish();
  if (target.login == TargetLogin::prompt) {
    if (login.has("secret_file"))
      login.problem(login.line_of("secret_file"),
                    "'secret_file' in [login] has no use with method \"prompt\" (expected \"key\" or "
                    "\"password\", or no file)");
    return;
  }
  target.secret_file =
      login.has("secret_file") ? std::filesystem::path{secret} : usual_secret_file(folder, target.name);
  if (!target.secret_file.is_absolute())
    login.problem(login.line_of("secret_file"),
                  fmt::format("'secret_file' in [login] is \"{}\" (expected an absolute path)", secret));
  else if (const auto checked = check_secret(target.secret_file); !checked)
    login.problem(login.line_of(login.has("secret_file") ? "secret_file" : "method"),
                  fmt::format("the target's {}: {}", to_text(target.login), checked.error().message()));
}

std::string algorithm_lines(const Target& target) {
  std::string text = target.legacy ? "legacy = true\n" : "";
  for (const auto& [key, list] : kAlgorithmKeys) {
    std::string items;
    for (const auto& name : target.algorithms.*list)
      items += (items.empty() ? "" : ", ") + to_toml_string(name);
    if (!items.empty()) text += fmt::format("{} = [{}]\n", key, items);
  }
  return text;
}

std::string list_of(const std::vector<std::string>& items, std::string_view prefix = "") {
  std::string text;
  for (const auto& item : items)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", to_toml_string(std::string{prefix} + item));
  return fmt::format("[{}]", text);
}

std::string https_lines(const TargetHttps& site) {
  auto text = fmt::format("\n[https]\nport = {}\nname = {}\n", site.port.value(), to_toml_string(site.name));
  if (!site.aliases.empty()) text += fmt::format("aliases = {}\n", list_of(site.aliases));
  if (!site.pins.empty()) text += fmt::format("pins = {}\n", list_of(site.pins, kPinPrefix));
  if (!site.authorities.empty())
    text += fmt::format("authorities = {}\n", to_toml_string(site.authorities.string()));
  return text;
}

std::string addresses_line(const std::vector<Address>& addresses) {
  std::string items;
  for (const auto& address : addresses)
    items += fmt::format("{}{}", items.empty() ? "" : ", ", to_toml_string(address.text()));
  return fmt::format("addresses = [{}]\n", items);
}

}  // namespace

Target read_target(TableReader file, const std::string& name, const std::filesystem::path& folder,
                   const CheckSecret& check_secret) {
  Target target;
  target.name = name;
  target.description = file.text("description", "", kLongestDescription);
  target.kind =
      file.choice("kind", TargetKind::power, {{"power", TargetKind::power}, {"ds8000", TargetKind::ds8000}});
  target.addresses = read_addresses(file, "the target's IP addresses, e.g. [\"198.51.100.10\"]");
  target.user = file.required_text("user", "whom to log in as there, e.g. \"hscroot\"", 64);
  if (!target.user.empty() && !is_account(target.user))
    file.problem(file.line_of("user"), fmt::format("'user' is \"{}\" (expected a user name)", target.user));
  if (!file.has("ssh")) file.missing("ssh", "a table [ssh] with host_keys");
  auto ssh = file.table("ssh");
  if (file.has("ssh")) read_ssh(ssh, target, name);
  auto https = file.table("https");
  if (file.has("https")) target.https = read_https(https, target);
  if (!file.has("login"))
    file.missing("login", "a table [login] with method = \"prompt\", \"key\" or \"password\"");
  auto login = file.table("login");
  if (file.has("login")) read_login(login, target, folder, check_secret);
  read_managed_systems(file, target);
  if (target.kind == TargetKind::ds8000) check_ds8000(file, target);
  file.finish();
  return target;
}

std::string to_toml(const Target& target) {
  std::string text = "# An HMC; written by sallyport target add.\n";
  const auto line = [&](const char* key, const std::string& value) {
    text += fmt::format("{} = {}\n", key, to_toml_string(value));
  };
  if (!target.description.empty()) line("description", target.description);
  line("kind", to_text(target.kind));
  text += addresses_line(target.addresses);
  line("user", target.user);
  text += fmt::format("\n[ssh]\nport = {}\nhost_keys = [\n", target.ssh_port.value());
  for (const auto& key : target.host_keys) text += fmt::format("  {},\n", to_toml_string(key));
  text += "]\n" + algorithm_lines(target) + "\n[login]\n";
  line("method", to_text(target.login));
  if (!target.secret_file.empty()) line("secret_file", target.secret_file.string());
  if (target.https) text += https_lines(*target.https);
  for (const auto& system : target.managed_systems) {
    text += "\n[[managed_system]]\n";
    line("name", system.name);
    if (!system.description.empty()) line("description", system.description);
    text += addresses_line(system.addresses);
  }
  return text;
}

}  // namespace sallyport
