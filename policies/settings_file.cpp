// sallyport.toml. Runs in: sallyportd, sallyport.
#include <algorithm>

#include "base/escape.h"
#include "policies/file_formats.h"

namespace sallyport {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostAddresses = 16;
constexpr std::size_t kMostNetworks = 64;
constexpr std::size_t kLongestBanner = 4000;  // one message to a worker must hold it
constexpr std::string_view kHttps = "https://";
const std::string kUnix = "unix:";
constexpr std::size_t kLongestSocket = 107;  // sockaddr_un holds that and a zero

std::vector<Address> read_addresses(TableReader& gate) {
  std::vector<Address> addresses;
  for (const auto& [line, address] : gate.values("addresses", kMostAddresses, Address::parse)) {
    if (!is_host_address(address))
      gate.problem(line,
                   fmt::format("{} is not an address of one host (expected the gate's own, e.g. 192.0.2.1)",
                               address.text()));
    else if (std::find(addresses.begin(), addresses.end(), address) != addresses.end())
      gate.problem(line, fmt::format("address {} is there twice", address.text()));
    else
      addresses.push_back(address);
  }
  if (!gate.has("addresses"))
    gate.missing("addresses", "the addresses it listens on, e.g. [\"192.0.2.1\", \"2001:db8::1\"]");
  else if (addresses.empty())
    gate.problem(gate.line_of("addresses"),
                 "'addresses' in [gate] names no usable address (expected at least one)");
  return addresses;
}

// Shorter prefixes are no network of anybody's: the widest private ones are 10.0.0.0/8 (RFC 1918) and
// fc00::/7 (RFC 4193).
bool is_too_wide(const Network& network) {
  return network.prefix_length() < (network.first().family() == Family::ipv4 ? 8 : 7);
}

std::vector<Network> read_isolated_networks(TableReader& gate) {
  std::vector<Network> networks;
  for (const auto& [line, network] : gate.values("isolated_networks", kMostNetworks, Network::parse)) {
    if (is_too_wide(network))
      gate.problem(line, fmt::format("network {} is too wide to be an isolated one (expected at most a /8 of "
                                     "IPv4, a /7 of IPv6)",
                                     network.text()));
    else if (std::find(networks.begin(), networks.end(), network) != networks.end())
      gate.problem(line, fmt::format("network {} is there twice", network.text()));
    else
      networks.push_back(network);
  }
  return networks;
}

void read_gate(TableReader gate, Settings& settings) {
  settings.gate_name = gate.required_text("name", "a host name, e.g. \"gate.example.com\"", 253);
  if (!settings.gate_name.empty() && !is_host_name(settings.gate_name))
    gate.problem(gate.line_of("name"),
                 fmt::format("'name' in [gate] is \"{}\" (expected a host name)", settings.gate_name));
  settings.addresses = read_addresses(gate);
  settings.ssh_port = Port{static_cast<std::uint16_t>(gate.number("ssh_port", 22, 1, 65535))};
  settings.isolated_networks = read_isolated_networks(gate);
  settings.banner = gate.text("banner", "", kLongestBanner);
  gate.finish();
}

std::uint32_t read_count(TableReader& table, std::string_view key, std::uint32_t usual, std::uint32_t most) {
  return static_cast<std::uint32_t>(table.number(key, usual, 1, most));
}

void read_login(TableReader login, LoginLimits& limits) {
  limits.tries = read_count(login, "tries", limits.tries, 10);
  limits.time = login.duration("time", limits.time, 5s, 10min);
  limits.response_lifetime = login.duration("response_lifetime", limits.response_lifetime, 5s, 10min);
  limits.unauthenticated = read_count(login, "unauthenticated", limits.unauthenticated, 1024);
  limits.unauthenticated_per_source =
      read_count(login, "unauthenticated_per_source", limits.unauthenticated_per_source, 1024);
  limits.connections_a_second = read_count(login, "connections_a_second", limits.connections_a_second, 1000);
  limits.helper_deadline = login.duration("helper_deadline", limits.helper_deadline, 1s, 5min);
  if (limits.unauthenticated_per_source > limits.unauthenticated)
    login.problem(
        login.line_of("unauthenticated_per_source"),
        fmt::format("'unauthenticated_per_source' in [login] is {} (expected at most 'unauthenticated', {})",
                    limits.unauthenticated_per_source, limits.unauthenticated));
  login.finish();
}

void read_ssh(TableReader ssh, Settings& settings) {
  settings.ssh_profile =
      ssh.choice("profile", settings.ssh_profile,
                 {{"modern", SshProfile::modern}, {"nist-800-131a", SshProfile::nist_800_131a}});
  ssh.finish();
}

std::filesystem::path read_path(TableReader& table, std::string_view key) {
  const auto path = table.text(key, "", 1024);
  if (!path.empty() && path.front() != '/')
    table.problem(table.line_of(key),
                  fmt::format("'{}' is \"{}\" (expected a file's full path)", key, escape_terminal(path)));
  return path;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// "https://gate.example.com", with ":8443" behind unless that is 443, as a browser serialises it.
bool is_origin(std::string_view text) {
  if (!text.starts_with(kHttps)) return false;
  text.remove_prefix(kHttps.size());
  const auto colon = text.find(':');
  const auto host = text.substr(0, colon);
  if (!is_host_name(host) || host != lower(std::string{host}) || Address::parse(host)) return false;
  if (colon == std::string_view::npos) return true;
  const auto digits = text.substr(colon + 1);
  if (digits.empty() || digits.size() > 5 || digits.front() == '0' || digits == "443") return false;
  return digits.find_first_not_of("0123456789") == std::string_view::npos &&
         std::stoul(std::string{digits}) <= 65535;
}

// Of the gate's name, unless browsers know it by another one or come by another port.
void read_origin(TableReader& https, HttpsDoor& door, const std::string& gate_name) {
  const auto port = door.port.value() == 443 ? "" : fmt::format(":{}", door.port.value());
  door.origin = https.text("origin", fmt::format("{}{}{}", kHttps, lower(gate_name), port), 300);
  if (https.has("origin") && !is_origin(door.origin))
    https.problem(https.line_of("origin"),
                  fmt::format("'origin' in [https] is \"{}\" (expected as a browser writes it, with a host's "
                              "name, e.g. \"https://gate.example.com\" or \"https://gate.example.com:8443\")",
                              escape_terminal(door.origin)));
  const auto host = std::string_view{door.origin}.substr(std::min(kHttps.size(), door.origin.size()));
  door.relying_party = host.substr(0, host.find(':'));
}

HttpsDoor read_https(TableReader https, const Settings& settings) {
  HttpsDoor door;
  door.port = Port{static_cast<std::uint16_t>(https.number("port", 443, 1, 65535))};
  if (door.port == settings.ssh_port)
    https.problem(https.line_of("port"),
                  fmt::format("'port' in [https] is {}, which is 'ssh_port' in [gate] (expected another)",
                              door.port.value()));
  door.profile = https.choice("profile", door.profile,
                              {{"modern", TlsProfile::modern}, {"nist-800-131a", TlsProfile::nist_800_131a}});
  door.certificate = read_path(https, "certificate");
  door.key = read_path(https, "key");
  read_origin(https, door, settings.gate_name);
  if (door.certificate.empty() != door.key.empty())
    https.problem(https.line(),
                  "[https] names one of 'certificate' and 'key' (expected both, or neither: then "
                  "the gate makes its own)");
  https.finish();
  return door;
}

void read_firewall(TableReader firewall, Settings& settings) {
  settings.mark_bit = 1U << firewall.number("mark_bit", 30, 0, 31);
  settings.transit = firewall.boolean("transit", settings.transit);
  firewall.finish();
}

void read_worker(TableReader worker, Settings& settings) {
  settings.worker_user = worker.text("user", settings.worker_user, 32);
  if (!is_account(settings.worker_user) || settings.worker_user == "root")
    worker.problem(worker.line_of("user"),
                   fmt::format("'user' in [worker] is \"{}\" (expected an account of its own, not root)",
                               settings.worker_user));
  worker.finish();
}

void read_pam(TableReader pam, Settings& settings) {
  settings.pam_service = pam.text("service", settings.pam_service, 64);
  if (!is_name(settings.pam_service))
    pam.problem(pam.line_of("service"),
                fmt::format("'service' in [pam] is \"{}\" (expected the name of a file in /etc/pam.d)",
                            settings.pam_service));
  pam.finish();
}

std::uint32_t read_days(TableReader& table, std::uint32_t usual) {
  return static_cast<std::uint32_t>(table.number("keep_days", usual, 0, 36500));
}

void read_recordings(TableReader table, RecordingSettings& settings) {
  settings.admins_may_read = table.boolean("admins_may_read", settings.admins_may_read);
  settings.keep_days = read_days(table, settings.keep_days);
  table.finish();
}

void read_journal(TableReader table, JournalSettings& settings, const RecordingSettings& recordings) {
  settings.segment_mib =
      static_cast<std::uint32_t>(table.number("segment_mib", settings.segment_mib, 1, 1024));
  settings.segment_records =
      static_cast<std::uint32_t>(table.number("segment_records", settings.segment_records, 10, 1'000'000));
  const auto copies = table.text("copy_heads_to", "", 1024);
  if (!copies.empty() && copies.front() != '/')
    table.problem(table.line_of("copy_heads_to"),
                  fmt::format("'copy_heads_to' in [journal] is \"{}\" (expected a folder's full path)",
                              escape_terminal(copies)));
  settings.copy_heads_to = copies;
  settings.keep_days = read_days(table, settings.keep_days);
  if (settings.keep_days > 0 && (recordings.keep_days == 0 || settings.keep_days < recordings.keep_days))
    table.problem(table.line_of("keep_days"),
                  fmt::format("'keep_days' in [journal] is {}, so that recordings would be left without the "
                              "records that tell of them (expected 0, for ever{})",
                              settings.keep_days,
                              recordings.keep_days == 0 ? ", as 'keep_days' in [recordings]"
                                                        : fmt::format(", or at least {}, as in [recordings]",
                                                                      recordings.keep_days)));
  table.finish();
}

bool is_loopback(const Address& address) {
  const auto* const bytes = address.data();
  if (address.family() == Family::ipv4) return bytes[0] == 127;
  return address == *Address::parse("::1");
}

// "unix:/a/path" or an address and port of this host's own; whoever else wants the numbers has to be led to
// them by a program that asks who it is.
MetricsSettings read_metrics(TableReader table) {
  MetricsSettings settings;
  const auto listen = table.text("listen", kUnix + settings.socket.string(), 256);
  const auto endpoint = Endpoint::parse(listen);
  settings.socket = listen.starts_with(kUnix) ? listen.substr(kUnix.size()) : std::string{};
  if (endpoint) settings.loopback = *endpoint;
  const bool is_path = listen.starts_with(kUnix + "/") && settings.socket.string().size() <= kLongestSocket;
  const bool is_ours = endpoint && is_loopback(endpoint->address) && endpoint->port != 0;
  if (!is_path && !is_ours)
    table.problem(
        table.line_of("listen"),
        fmt::format("'listen' in [metrics] is \"{}\" (expected \"unix:/full/path\" or a loopback address "
                    "and port, e.g. \"127.0.0.1:9477\")",
                    escape_terminal(listen)));
  table.finish();
  return settings;
}

}  // namespace

Settings read_settings(TableReader file) {
  Settings settings;
  if (!file.has("gate")) file.missing("gate", "a table [gate] with name and addresses");
  auto gate = file.table("gate");
  if (file.has("gate")) read_gate(gate, settings);
  read_login(file.table("login"), settings.login);
  read_ssh(file.table("ssh"), settings);
  auto https = file.table("https");
  if (file.has("https")) settings.https = read_https(https, settings);
  read_firewall(file.table("firewall"), settings);
  read_worker(file.table("worker"), settings);
  read_pam(file.table("pam"), settings);
  auto journal = file.table("journal");
  read_recordings(file.table("recordings"), settings.recordings);
  read_journal(journal, settings.journal, settings.recordings);
  settings.destinations = read_destinations(file);
  auto metrics = file.table("metrics");
  if (file.has("metrics")) settings.metrics = read_metrics(metrics);
  file.finish();
  return settings;
}

std::chrono::hours JournalSettings::segment_age() const {
  if (keep_days == 0) return std::chrono::hours{0};
  return std::chrono::days{std::clamp<std::uint32_t>(keep_days / 10, 1, 30)};
}

bool is_host_name(std::string_view text) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= 253 && text.front() != '-' && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_account(std::string_view text) noexcept {
  const auto allowed = [](char c) { return c > ' ' && c < '\x7f' && c != '/' && c != ':'; };
  return !text.empty() && text.size() <= 64 && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_host_address(const Address& address) noexcept {
  const auto* bytes = address.data();
  const bool unspecified =
      std::all_of(bytes, bytes + address.size(), [](std::uint8_t byte) { return byte == 0; });
  if (address.family() == Family::ipv6) return !unspecified && bytes[0] != 0xff;
  return bytes[0] != 0 && bytes[0] < 224;  // RFC 1122 "this network"; multicast, reserved and broadcast
}

}  // namespace sallyport
