// A peer at the HTTPS door: what its worker is told of the target, and where its connections may go.
// Runs in: sallyportd (privileged). Never reads a peer's bytes.
#include "base/file.h"
#include "gateway/monitor/authority.h"
#include "gateway/monitor/peer.h"

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

// To the address that answered, and to the one port: whatever the worker calls the host.
Result<std::vector<Endpoint>> Peer::web_endpoints(const Target& target, const AskDirect& ask) const {
  if (!target.https || ask.port != target.https->port.value())
    return fail("port {} is not granted at this door", ask.port);
  return std::vector<Endpoint>{{target_address_, target.https->port.value()}};
}

}  // namespace sallyport
