// status, watch, session.watch, reload. Runs in: sallyportd (privileged).
#include <unistd.h>

#include "gateway/monitor/commands.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/reload.h"
#include "gateway/monitor/stored_secret.h"
#include "gateway/version/version.h"

namespace sallyport {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMostChannel = 0xffffffff;

std::string in_words(const Done& done) { return done ? "yes" : done.error().message(); }

std::uint64_t count(const Gate& gate, GrantState state) {
  std::uint64_t found = 0;
  for (const auto& [id, grant] : gate.ledger.grants()) found += grant.state == state ? 1 : 0;
  return found;
}

std::uint64_t count_paused(const Gate& gate) {
  std::uint64_t found = 0;
  for (const auto& [id, session] : gate.sessions) found += session.pause ? 1 : 0;
  return found;
}

Result<const Session*> running_session(const Gate& gate, const std::string& name) {
  const Grant* const grant = gate.ledger.find(name);
  if (grant == nullptr || grant->session != name)
    return fail(
        "no session '{0}' (sallyport list --all shows them; sallyport audit show {0} also older ones)", name);
  const auto running = gate.sessions.find(grant->id);
  if (running != gate.sessions.end()) return &running->second;
  return fail("session {} has ended{}{} (sallyport replay {} shows what was on its terminal)", name,
              grant->end_reason.empty() ? "" : ": ", grant->end_reason, name);
}

// The recorded channel that was asked for, else the newest that is still open; 0: there is none.
Result<std::uint32_t> channel_to_watch(const CommandContext& context, const Session& session) {
  ASSIGN_OR_RETURN(const auto asked, context.number("channel"));
  if (!asked) return session.recordings.empty() ? 0 : session.recordings.rbegin()->first;
  if (*asked == 0 || *asked > kMostChannel ||
      !session.recordings.contains(static_cast<std::uint32_t>(*asked)))
    return fail("channel {} of session {} is not open, or nothing of it is recorded", *asked, session.name);
  return static_cast<std::uint32_t>(*asked);
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
      {"commit", kCommit},
      {"pid", getpid()},
      {"started_at", to_rfc3339(gate.started_at)},
      {"grants",
       {{"armed", count(gate, GrantState::armed)},
        {"active", count(gate, GrantState::active)},
        {"paused", count_paused(gate)}}},
      {"connections", gate.peers.size()},
      {"listening", listening},
      {"fingerprints", gate.host_keys.fingerprints},
      {"sealing_key", sealing_key_id(gate)},
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

// The verb behind session.watch: a terminal as it happens, read-only. Who looks is journaled first; the rep
// is not told. From then on the console hears the session's records, so that it knows when to ask for the
// next channel.
CommandResult session_watch_command(const CommandContext& context) {
  Gate& gate = context.gate;
  ASSIGN_OR_RETURN(const auto name, context.text("session"));
  ASSIGN_OR_RETURN(const Session* const session, running_session(gate, name));
  ASSIGN_OR_RETURN(const auto channel, channel_to_watch(context, *session));
  const auto grant = gate.ledger.find(name)->id.value();
  Entry entry{"session.watched", {{"grant", grant}, {"session", name}, {"by", context.actor.name}}};
  Json result{{"grant", grant}, {"session", name}};
  UniqueFd recording;
  if (channel != 0) {
    entry.fields["channel"] = result["channel"] = channel;
    ASSIGN_OR_RETURN(recording, gate.recordings.reader(name, channel));
  }
  RETURN_IF_ERROR(gate.ledger.note(entry));
  ControlConnection* const console = gate.control->find(context.connection);
  console->subscribe(grant);
  console->answer(std::move(result), recording.get());
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
