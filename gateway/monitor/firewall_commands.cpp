// firewall.show. Runs in: sallyportd (privileged).
#include <algorithm>

#include "firewall/base_text.h"
#include "gateway/monitor/commands.h"
#include "gateway/monitor/reload.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

// Whose the element is: the grants that hold it, and, when nobody does, an alarm.
Json holders(const Gate& gate, const Held& held) {
  Json grants = Json::array();
  for (const auto lease : held.leases) {
    const auto grant = gate.doors.holder(lease).value();
    if (!grant.empty() && std::ranges::find(grants, Json(grant)) == grants.end()) grants.push_back(grant);
  }
  return grants;
}

Json to_json(const Gate& gate, const Held& held) {
  const auto until = std::chrono::floor<std::chrono::seconds>(gate.clock.wall() + held.left);
  Json json{{"set", held.set},
            {"key", held.key},
            {"grants", holders(gate, held)},
            {"until", to_rfc3339(until)},
            {"milliseconds_left", held.left.count()},
            {"nft", held.text}};
  if (held.leases.empty()) json["alarm"] = "no grant holds this open";
  if (held.in) json.update({{"in_packets", held.in->packets}, {"in_bytes", held.in->bytes}});
  if (held.out) json.update({{"out_packets", held.out->packets}, {"out_bytes", held.out->bytes}});
  return json;
}

}  // namespace

CommandResult firewall_show_command(const CommandContext& context) {
  Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const auto held, gate.firewall.held());
  Json open = Json::array();
  for (const auto& element : held) open.push_back(to_json(gate, element));
  const auto guarded = gate.firewall.check_guard();
  return Json{{"open", open},
              {"base", guarded ? "in force" : guarded.error().message()},
              {"base_nft", base_table_text(guarded_by(gate.catalogue), gate.catalogue.settings.mark_bit)}};
}

}  // namespace sallyport
