// enable, list, show, revoke, unlock, pause, resume, end. Runs in: sallyportd (privileged).
#include <algorithm>

#include "gateway/core/service_record.h"
#include "gateway/monitor/authority.h"
#include "gateway/monitor/commands.h"
#include "gateway/monitor/grant_json.h"
#include "gateway/monitor/lifecycle.h"
#include "gateway/monitor/sessions.h"
#include "gateway/monitor/traffic.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr const char* kSharedAddress =
    "Forwarded ports are open to everybody who shares the rep's address (address translation) while the "
    "session "
    "lasts. A policy with carriage = \"through-ssh\" offers a port to the rep alone.";
constexpr const char* kNotPaused =
    "Forwarded ports are not paused: the kernel carries them past the gate's programs. sallyport end closes "
    "them.";

bool has_forwards(const Grant& grant) {
  return std::any_of(grant.services.begin(), grant.services.end(),
                     [](const Service& service) { return service.carriage == Carriage::forward; });
}

bool is_over(const Grant& grant) { return is_terminal(grant.state); }

// What the admin reads out to the rep.
Json what_to_tell(const Gate& gate, const Grant& grant) {
  const auto& settings = gate.catalogue.settings;
  const auto same_rep =
      std::count_if(gate.ledger.grants().begin(), gate.ledger.grants().end(), [&](const auto& other) {
        return other.second.rep == grant.rep && other.second.state == GrantState::armed;
      });
  const auto user = same_rep > 1 ? grant.rep + "+" + grant.target : grant.rep;
  const auto port = settings.ssh_port.value() == 22 ? "" : fmt::format("-p {} ", settings.ssh_port.value());
  std::vector<std::string> hosts{settings.gate_name};
  Json addresses = Json::array(), commands = Json::array();
  for (const auto& address : settings.addresses) addresses.push_back(address.text());
  for (const auto& address : settings.addresses) hosts.push_back(address.text());
  // Where the rep cannot answer there is no door to tell of.
  const auto rep = gate.catalogue.reps.find(grant.rep);
  const auto by = [&](Carriage door) {
    return rep == gate.catalogue.reps.end() ? std::nullopt : method_at(rep->second, door);
  };
  if (offers(grant, Carriage::ssh) && by(Carriage::ssh))
    for (const auto& host : hosts) commands.push_back(fmt::format("ssh {}{}@{}", port, user, host));
  Json tell{{"commands", commands}, {"fingerprints", gate.host_keys.fingerprints}, {"addresses", addresses}};
  if (offers(grant, Carriage::https) && settings.https && gate.certificate) {
    tell["user"] = user;
    tell["urls"] = Json::array();
    // A WebAuthn key answers to the one name of the gate, and to no address.
    if (by(Carriage::https) == ResponseMethod::webauthn)
      tell["urls"].push_back(settings.https->origin + "/");
    else
      for (const auto& host : hosts)
        tell["urls"].push_back("https://" + authority(host, settings.https->port) + "/");
    tell["certificate"] = gate.certificate->fingerprint;
  }
  return tell;
}

Json described(Gate& gate, const Grant& grant) {
  Json json = to_json(grant);
  const auto running = gate.sessions.find(grant.id);
  if (running != gate.sessions.end()) {
    json["to_target"] = running->second.counters.to_target;
    json["from_target"] = running->second.counters.from_target;
    read_traffic(gate, grant.id);
    json["traffic"] = traffic_to_json(traffic_of(gate, grant.id));
    if (const auto& pause = running->second.pause)
      json.update({{"paused", true}, {"paused_by", pause->by}, {"paused_at", to_rfc3339(pause->at)}});
  }
  return json;
}

Result<const Grant*> named_grant(const CommandContext& context) {
  ASSIGN_OR_RETURN(const auto name, context.text("grant"));
  if (const Grant* const grant = context.gate.ledger.find(name)) return grant;
  return fail(
      "no grant or session '{0}' (sallyport list --all shows them; sallyport audit show {0} also older ones)",
      name);
}

Result<const Grant*> live_grant(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, named_grant(context));
  if (is_over(*grant)) return fail("grant {} is {} already", grant->id.value(), to_text(grant->state));
  return grant;
}

Result<const Grant*> active_grant(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, live_grant(context));
  if (grant->state == GrantState::active) return grant;
  return fail("grant {} is {}, no session is running (sallyport revoke {} takes the grant back)",
              grant->id.value(), to_text(grant->state), grant->id.value());
}

Json result_of(const CommandContext& context, const GrantId& id) {
  return {{"grant", described(context.gate, *context.gate.ledger.find(id.value()))}};
}

Result<std::optional<std::chrono::seconds>> seconds_in(const CommandContext& context, const char* key) {
  constexpr std::uint64_t kYear = 366 * 86400;  // more than any policy allows; far from overflow
  ASSIGN_OR_RETURN(const auto number, context.number(key));
  if (!number) return std::optional<std::chrono::seconds>{};
  if (*number > kYear) return fail("'{}' is {} seconds; that is over a year", key, *number);
  return std::optional{std::chrono::seconds{*number}};
}

}  // namespace

CommandResult enable_command(const CommandContext& context) {
  EnableRequest request;
  ASSIGN_OR_RETURN(request.rep, context.text("rep"));
  ASSIGN_OR_RETURN(request.target, context.text("target"));
  ASSIGN_OR_RETURN(request.policy, context.text("policy"));
  ASSIGN_OR_RETURN(request.networks, context.texts("networks"));
  ASSIGN_OR_RETURN(request.connect_within, seconds_in(context, "connect_within"));
  ASSIGN_OR_RETURN(request.session, seconds_in(context, "session"));
  if (context.arguments.value("services", Json::array()) != Json::array()) {
    ASSIGN_OR_RETURN(request.services, context.texts("services", 64, 64));
  }
  ASSIGN_OR_RETURN(request.managed_system, context.text_or("managed_system"));
  ASSIGN_OR_RETURN(request.ticket, context.text_or("ticket"));
  ASSIGN_OR_RETURN(request.reason, context.text_or("reason"));
  ASSIGN_OR_RETURN(const auto id, enable(context.gate, request, context.actor));
  Json result = result_of(context, id);
  const Grant& grant = *context.gate.ledger.find(id.value());
  result["tell"] = what_to_tell(context.gate, grant);
  if (has_forwards(grant)) result["notices"] = {kSharedAddress};
  return result;
}

CommandResult list_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const bool all, context.flag("all"));
  std::vector<const Grant*> ended;
  Json grants = Json::array();
  for (const auto& [id, grant] : context.gate.ledger.grants()) {
    if (!is_over(grant))
      grants.push_back(described(context.gate, grant));
    else if (all)
      ended.push_back(&grant);
  }
  std::sort(ended.begin(), ended.end(),
            [](const Grant* a, const Grant* b) { return a->enabled_at > b->enabled_at; });
  for (std::size_t i = 0; i < std::min(ended.size(), Ledger::kEndedKept); ++i)
    grants.push_back(to_json(*ended[i]));
  return Json{{"grants", grants}};
}

CommandResult show_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, named_grant(context));
  ASSIGN_OR_RETURN(const auto kernel, context.gate.firewall.inspect());
  Json result = result_of(context, grant->id);
  result["kernel"] = kernel;
  if (grant->state == GrantState::armed) result["tell"] = what_to_tell(context.gate, *grant);
  return result;
}

CommandResult revoke_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, live_grant(context));
  const auto id = grant->id;
  ASSIGN_OR_RETURN(const auto reason, context.text_or("reason"));
  revoke(context.gate, id, context.actor.name, reason);
  return result_of(context, id);
}

CommandResult unlock_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, live_grant(context));
  const auto id = grant->id;
  ASSIGN_OR_RETURN(const auto reason, context.text_or("reason"));
  RETURN_IF_ERROR(unlock(context.gate, id, context.actor.name, reason));
  return result_of(context, id);
}

CommandResult pause_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, active_grant(context));
  ASSIGN_OR_RETURN(const auto reason, context.text_or("reason"));
  RETURN_IF_ERROR(pause_session(context.gate, grant->id, context.actor.name, reason));
  Json result = result_of(context, grant->id);
  if (has_forwards(*grant)) result["notices"] = {kNotPaused};
  return result;
}

CommandResult resume_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, active_grant(context));
  ASSIGN_OR_RETURN(const auto reason, context.text_or("reason"));
  RETURN_IF_ERROR(resume_session(context.gate, grant->id, context.actor.name, reason));
  return result_of(context, grant->id);
}

CommandResult end_command(const CommandContext& context) {
  ASSIGN_OR_RETURN(const Grant* const grant, active_grant(context));
  const auto id = grant->id;
  ASSIGN_OR_RETURN(const auto reason, context.text_or("reason"));
  end_session(context.gate, id, "ended by " + context.actor.name + (reason.empty() ? "" : ": " + reason),
              context.actor.name);
  return result_of(context, id);
}

}  // namespace sallyport
