// A peer at the HTTPS door: what its worker is told of the target, and where its connections may go.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "base/file.h"
#include "base/log.h"
#include "gateway/monitor/authority.h"
#include "gateway/monitor/peer.h"
#include "gateway/monitor/sessions.h"

namespace sallyport {

Result<WebTarget> Peer::web_target(const Target& target) const {
  if (!target.https) return fail("targets/{}.toml has no [https] any more", target.name);
  const TargetHttps& site = *target.https;
  WebTarget told{authority(site.name, site.port), {}, site.port.value(), site.pins, {}};
  for (const auto& alias : site.aliases) told.aliases.push_back(authority(alias, site.port));
  if (site.pins.empty()) {
    ASSIGN_OR_RETURN(told.authorities,
                     read_trusted_file(site.authorities, Trust::owned_by_root, limit::certificates));
  }
  return told;
}

// The worker may be anybody's: what it says becomes part of a request, if it has a token's letters.
void Peer::on(TellApiSession& told) {
  Session* const session = this->session();
  if (session == nullptr || session->logoff) return;
  if (door_ != Carriage::https || !is_api_token(told.session.reveal()))
    return on_worker_gone("the worker tells of a REST session that is none");
  if (!session->api) {
    const auto target = gate_.catalogue.targets.find(gate_.ledger.find(grant_->value())->target);
    if (target == gate_.catalogue.targets.end()) return;
    auto facts = web_target(target->second);
    if (!facts) return log_warning("{}", facts.error().message());
    const auto port = static_cast<std::uint16_t>(facts->port);
    session->api = ApiSessions{*std::move(facts), {target_address_, port}, {}, 0};
  }
  if (told.over)
    session->api->remove(told.session);
  else
    session->api->add(std::move(told.session));
}

void Peer::on(TellLoggedOff&) { on_worker_gone("the worker was not begun for that"); }

// To the address that answered, and to the one port: whatever the worker calls the host.
Result<std::vector<Endpoint>> Peer::web_endpoints(const Target& target, const AskDirect& ask) const {
  if (!target.https || ask.port != target.https->port.value())
    return fail("port {} is not granted at this door", ask.port);
  return std::vector<Endpoint>{{target_address_, target.https->port.value()}};
}

}  // namespace sallyport
