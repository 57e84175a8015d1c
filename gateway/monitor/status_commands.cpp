// status, watch, reload. Runs in: sallyportd (privileged).
#include <unistd.h>

#include "gateway/monitor/commands.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/version.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

std::string in_words(const Done& done) { return done ? "yes" : done.error().message(); }

std::uint64_t count(const Gate& gate, GrantState state) {
  std::uint64_t found = 0;
  for (const auto& [id, grant] : gate.ledger.grants()) found += grant.state == state ? 1 : 0;
  return found;
}

}  // namespace

CommandResult status_command(const CommandContext& context) {
  Gate& gate = context.gate;
  Json listening = Json::array();
  for (const auto& endpoint : gate.listener->listening()) listening.push_back(endpoint.text());
  const auto live = gate.firewall.inspect();
  const auto head = gate.ledger.head();
  return Json{
      {"gate", gate.catalogue.settings.gate_name},
      {"version", kVersion},
      {"pid", getpid()},
      {"started_at", to_rfc3339(gate.started_at)},
      {"grants", {{"armed", count(gate, GrantState::armed)}, {"active", count(gate, GrantState::active)}}},
      {"connections", gate.peers.size()},
      {"listening", listening},
      {"fingerprints", gate.host_keys.fingerprints},
      {"journal", {{"seq", head.seq}, {"hash", head.hash}, {"writable", in_words(gate.ledger.writable())}}},
      {"firewall",
       {{"base", in_words(gate.firewall.check_guard())},
        {"live", live ? Json(*live) : Json(live.error().message())}}}};
}

CommandResult watch_command(const CommandContext& context) {
  std::string watched;
  if (const auto name = context.text("grant")) {
    const Grant* const grant = context.gate.ledger.find(*name);
    if (grant == nullptr) return fail("no grant or session '{}'", *name);
    watched = grant->id.value();
  }
  context.gate.control->find(context.connection)->subscribe(watched);
  return std::optional<Json>{};
}

CommandResult reload_command(const CommandContext& context) {
  RETURN_IF_ERROR(reload(context.gate));
  const auto& catalogue = context.gate.catalogue;
  return Json{{"policies", catalogue.policies.size()},
              {"targets", catalogue.targets.size()},
              {"reps", catalogue.reps.size()}};
}

}  // namespace sallyport
