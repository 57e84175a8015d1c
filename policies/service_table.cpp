// Runs in: sallyportd, sallyport.
#include "policies/service_table.h"

#include <algorithm>

namespace sallyport {

namespace {

constexpr std::size_t kMostServices = 32;
constexpr std::size_t kLongestDescription = 256;

bool is_over(const Service& service, Transport transport) {
  return std::find(service.transports.begin(), service.transports.end(), transport) !=
         service.transports.end();
}

// RFC 4251 section 4 and RFC 4254 section 7: SSH, and what runs inside it, is TCP. HTTP/1.1 is, too.
void check_carriage(TableReader& table, const Service& service) {
  if (service.carriage != Carriage::forward && is_over(service, Transport::udp))
    table.problem(table.line_of("transport"), fmt::format("service '{}' carries {} over udp (expected tcp)",
                                                          service.name, to_text(service.carriage)));
}

// Only packets that the kernel routes have another way to go, and a source that can be seen.
void check_routed_only(TableReader& table, const Service& service) {
  if (service.carriage == Carriage::forward) return;
  if (service.reach == Reach::managed_system)
    table.problem(table.line_of("reach"),
                  fmt::format("service '{}' reaches a managed system by {} (expected carriage = \"forward\")",
                              service.name, to_text(service.carriage)));
  if (table.has("translate_source"))
    table.problem(table.line_of("translate_source"),
                  fmt::format("'translate_source' has no use for service '{}', carried by {}: the target "
                              "sees the gate's address anyway (expected with carriage = \"forward\" only)",
                              service.name, to_text(service.carriage)));
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

// The rep opens every service to the HMC. What the HMC opens itself is no business of an inbound gate, and
// must not look as if it were.
void check_direction(TableReader& table, const Service& service) {
  const auto direction = table.text("direction", "inbound", 16);
  if (direction == "outbound")
    table.problem(table.line_of("direction"),
                  fmt::format("service '{}' is outbound: this gate carries only what a representative opens "
                              "towards the HMC (expected \"inbound\"; what the HMC opens itself is for the "
                              "site's own firewall)",
                              service.name));
  else if (direction != "inbound")
    table.problem(table.line_of("direction"),
                  fmt::format("'direction' in [[service]] is \"{}\" (expected \"inbound\")", direction));
}

void check_gate_port(TableReader& table, const Service& service, Port gate_ssh_port) {
  if (service.carriage == Carriage::forward && service.port == gate_ssh_port &&
      is_over(service, Transport::tcp))
    table.problem(table.line_of("port"),
                  fmt::format("service '{}' forwards port {}, on which the gate itself listens ('ssh_port' "
                              "in sallyport.toml; expected another port)",
                              service.name, service.port.value()));
}

std::string read_name(TableReader& table) {
  auto name = table.required_text("name", "a short name, e.g. \"ssh\"", 32);
  if (!name.empty() && !is_name(name))
    table.problem(table.line_of("name"),
                  fmt::format("'name' in [[service]] is \"{}\" (expected a-z, 0-9, '.', '_', '-')", name));
  return name;
}

Service read_service(TableReader& table, Port gate_ssh_port) {
  Service service;
  service.name = read_name(table);
  service.description = table.text("description", "", kLongestDescription);
  service.carriage = table.choice("carriage", Carriage::ssh,
                                  {{"ssh", Carriage::ssh},
                                   {"https", Carriage::https},
                                   {"forward", Carriage::forward},
                                   {"through-ssh", Carriage::through_ssh}});
  if (!table.has("carriage")) table.missing("carriage", "\"ssh\"");
  service.transports = table.some_of("transport", std::vector<Transport>{Transport::tcp},
                                     {{"tcp", Transport::tcp}, {"udp", Transport::udp}});
  // SSH has its usual port; a missing one of anything else is 0, which clashes with nothing.
  const bool usual = service.carriage == Carriage::ssh;
  if (!usual && !table.has("port")) table.missing("port", "1 to 65535");
  service.port = Port{static_cast<std::uint16_t>(table.number("port", usual ? 22 : 0, 1, 65535))};
  service.exposure = table.choice("exposure", Exposure::isolated,
                                  {{"wide", Exposure::wide}, {"isolated", Exposure::isolated}});
  service.reach =
      table.choice("reach", Reach::hmc, {{"hmc", Reach::hmc}, {"managed-system", Reach::managed_system}});
  service.legacy = table.boolean("legacy", false);
  service.translate_source = table.boolean("translate_source", false);
  check_carriage(table, service);
  check_routed_only(table, service);
  check_exposure(table, service);
  check_direction(table, service);
  check_gate_port(table, service, gate_ssh_port);
  table.finish();
  return service;
}

// A packet says no more than transport and port: each pair must mean one thing, whatever is carried how.
void check_apart(TableReader& table, const Service& service, const std::vector<Service>& others) {
  for (const auto& other : others) {
    if (service.carriage == Carriage::https && other.carriage == Carriage::https)
      table.problem(
          table.line_of("carriage"),
          fmt::format("services '{}' and '{}' are both carried by https (expected one: the gate has "
                      "one such door)",
                      other.name, service.name));
    else if (other.name == service.name)
      table.problem(table.line_of("name"), fmt::format("service '{}' is there twice", service.name));
    else if (other.port == service.port && service.port != Port{0} &&
             std::any_of(service.transports.begin(), service.transports.end(),
                         [&](Transport transport) { return is_over(other, transport); }))
      table.problem(table.line_of("port"),
                    fmt::format("service '{}' claims port {}, as service '{}' does: it would have two "
                                "meanings (expected another port, or one service)",
                                service.name, service.port.value(), other.name));
  }
}

}  // namespace

std::vector<Service> read_services(TableReader& file, Port gate_ssh_port) {
  std::vector<Service> services;
  for (auto& table : file.tables("service", kMostServices)) {
    auto service = read_service(table, gate_ssh_port);
    check_apart(table, service, services);
    services.push_back(std::move(service));
  }
  if (!file.has("service"))
    file.missing("service", "at least one [[service]]: a policy without one offers nothing");
  return services;
}

}  // namespace sallyport
