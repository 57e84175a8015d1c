// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "gateway/monitor/traffic.h"

#include <algorithm>

#include "gateway/core/service_record.h"

namespace sallyport {

namespace {

bool is_of(const Traffic& traffic, const Service& service, const EntryPorts& ports) {
  return traffic.port == ports.of(service) &&
         std::ranges::find(service.transports, traffic.transport) != service.transports.end();
}

std::vector<ServiceTraffic> by_service(const Grant& grant, const EntryPorts& ports,
                                       const TrafficByPort& traffic) {
  std::vector<ServiceTraffic> services;
  for (const auto& [key, seen] : traffic)
    for (const auto& service : grant.services)
      if (is_of(seen, service, ports))
        services.push_back(
            {service.name, seen.transport, seen.in.packets, seen.in.bytes, seen.out.packets, seen.out.bytes});
  return services;
}

}  // namespace

void read_traffic(Gate& gate, const GrantId& id) {
  auto& known = gate.sessions.at(id).traffic;
  for (const auto& traffic : gate.doors.traffic(id)) known[{traffic.transport, traffic.port}] = traffic;
}

std::vector<ServiceTraffic> traffic_of(const Gate& gate, const GrantId& id) {
  return by_service(*gate.ledger.find(id.value()), entry_ports(gate.catalogue.settings),
                    gate.sessions.at(id).traffic);
}

void tell_traffic(Gate& gate) {
  if (!gate.control->is_watched()) return;
  for (auto& [id, session] : gate.sessions) {
    read_traffic(gate, id);
    auto now = traffic_of(gate, id);
    if (now == session.told_traffic) continue;
    gate.control->broadcast(id.value(), {{"traffic",
                                          {{"event", "traffic"},
                                           {"time", to_rfc3339(gate.clock.wall())},
                                           {"grant", id.value()},
                                           {"session", session.name},
                                           {"traffic", traffic_to_json(now)}}}});
    session.told_traffic = std::move(now);
  }
}

}  // namespace sallyport
