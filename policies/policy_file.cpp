// policies/NAME.toml. Runs in: sallyportd, sallyport.
#include <algorithm>

#include "policies/file_formats.h"

namespace sallyport {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostServices = 32;
constexpr std::size_t kLongestDescription = 256;

void read_limits(TableReader limits, Policy& policy) {
  policy.connect_within = limits.duration("connect_within", policy.connect_within, 1s, 24h * 7);
  policy.session = limits.duration("session", policy.session, 1s, 24h * 7);
  policy.idle = limits.duration("idle", policy.idle, 1s, 24h);
  policy.failed_logins =
      static_cast<std::uint32_t>(limits.number("failed_logins", policy.failed_logins, 1, 1000));
  policy.failed_dial_spends = limits.boolean("failed_dial_spends", policy.failed_dial_spends);
  policy.channels = static_cast<std::uint32_t>(limits.number("channels", policy.channels, 1, 100));
  limits.finish();
}

Result<ResponseMethod> parse_method(std::string_view text) {
  if (text == "ocra") return ResponseMethod::ocra;
  return fail("'{}' is not a challenge method of this version (expected \"ocra\")", text);
}

void read_login(TableReader login, Policy& policy) {
  if (login.has("methods")) policy.methods.clear();
  for (const auto& [line, method] : login.values("methods", 8, parse_method))
    policy.methods.push_back(method);
  if (login.has("methods") && policy.methods.empty())
    login.problem(login.line_of("methods"),
                  "'methods' in [login] allows no challenge method (expected [\"ocra\"])");
  login.finish();
}

void read_recording(TableReader recording, Policy& policy) {
  policy.record_input = recording.boolean("input", policy.record_input);
  policy.recording_limit = recording.size("limit", policy.recording_limit, 4096, 1ULL << 40);
  recording.finish();
}

// What this version cannot carry is refused here, not ignored: an admin must not believe it is offered.
void check_carried(TableReader& table, const Service& service) {
  if (service.carriage != Carriage::ssh)
    table.problem(
        table.line_of("carriage"),
        fmt::format("service '{}' is carried by {}: this version carries ssh; {} is not yet offered",
                    service.name, to_text(service.carriage), to_text(service.carriage)));
  else if (service.transport != Transport::tcp)
    table.problem(table.line_of("transport"),
                  fmt::format("service '{}' carries ssh over udp (expected tcp)", service.name));
}

// White paper, "Remote Service HMC Port List": only 22 and 443 belong on a wide network.
void check_exposure(TableReader& table, const Service& service) {
  const auto port = service.port.value();
  if (service.exposure == Exposure::wide && port != 22 && port != 443)
    table.problem(table.line_of("exposure"),
                  fmt::format("service '{}' offers port {} to a wide network (only 22 and 443 may be; "
                              "expected exposure = \"isolated\")",
                              service.name, port));
}

Service read_service(TableReader table) {
  Service service;
  service.name = table.required_text("name", "a short name, e.g. \"ssh\"", 32);
  if (!service.name.empty() && !is_name(service.name))
    table.problem(
        table.line_of("name"),
        fmt::format("'name' in [[service]] is \"{}\" (expected a-z, 0-9, '.', '_', '-')", service.name));
  service.description = table.text("description", "", kLongestDescription);
  service.carriage =
      table.choice("carriage", Carriage::ssh,
                   {{"ssh", Carriage::ssh}, {"https", Carriage::https}, {"forward", Carriage::forward}});
  if (!table.has("carriage")) table.missing("carriage", "\"ssh\"");
  service.transport =
      table.choice("transport", Transport::tcp, {{"tcp", Transport::tcp}, {"udp", Transport::udp}});
  service.port = Port{static_cast<std::uint16_t>(table.number("port", 22, 1, 65535))};
  service.exposure = table.choice("exposure", Exposure::isolated,
                                  {{"wide", Exposure::wide}, {"isolated", Exposure::isolated}});
  service.legacy = table.boolean("legacy", false);
  check_carried(table, service);
  check_exposure(table, service);
  table.finish();
  return service;
}

void read_services(TableReader& file, Policy& policy) {
  for (auto& table : file.tables("service", kMostServices)) {
    auto service = read_service(table);
    const auto same = [&](const Service& other) { return other.name == service.name; };
    if (std::any_of(policy.services.begin(), policy.services.end(), same))
      table.problem(table.line_of("name"), fmt::format("service '{}' is there twice", service.name));
    policy.services.push_back(std::move(service));
  }
  if (!file.has("service"))
    file.missing("service", "at least one [[service]]: a policy without one offers nothing");
}

}  // namespace

Policy read_policy(TableReader file, const std::string& name) {
  Policy policy;
  policy.name = name;
  policy.description = file.text("description", "", kLongestDescription);
  read_limits(file.table("limits"), policy);
  read_login(file.table("login"), policy);
  read_recording(file.table("recording"), policy);
  read_services(file, policy);
  file.finish();
  return policy;
}

}  // namespace sallyport
